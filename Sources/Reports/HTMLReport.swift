import Assessment
import Markup

extension Reporter {
  static func html(templates: Templates) -> Reporter {
    Reporter(format: "html", fileName: "report.html") { report in
      try Document(parsing: try templates.text(of: "report.html"), name: "report.html").html()
    }
  }
}
