import Assessment
import Markup
import Rules

/// How an outcome or a verdict looks: a class that sets the tone, an icon, a word.
struct Look: Hashable {
  var css: String
  var icon: String
  var word: String
}

extension Outcome {
  var look: Look {
    switch outcome {
    case .failed where severity == .blocker: Look(css: "failed-blocker", icon: "blocked", word: "Blocker")
    case .failed: Look(css: "failed-warning", icon: "warning", word: "Warning")
    case .undetermined: Look(css: "undetermined", icon: "undetermined", word: "Undetermined")
    case .waived: Look(css: "waived", icon: "waived", word: "Waived")
    case .skipped: Look(css: "skipped", icon: "skipped", word: "Skipped")
    case .passed: Look(css: "passed", icon: "passed", word: "Passed")
    }
  }
}

extension Verdict {
  var look: Look {
    switch self {
    case .blocked: Look(css: "blocked", icon: "blocked", word: "Blocked")
    case .undecided: Look(css: "undecided", icon: "undetermined", word: "Undecided")
    case .ready, .readyWithWarnings: Look(css: "ready", icon: "passed", word: "Ready")
    }
  }
}

extension Element {
  func slot(_ name: String) throws(MarkupError) -> Element { try first(where: "data-slot", is: name) }

  func fill(_ name: String, _ text: String) throws(MarkupError) { try slot(name).set(text: text) }

  /// Fills a slot, or takes it out where there is nothing to say.
  func fill(_ name: String, orRemove text: String?) throws(MarkupError) {
    let slot = try slot(name)
    if let text, !text.isEmpty { try slot.set(text: text) } else { slot.remove() }
  }

  func remove(slot name: String) throws(MarkupError) { try slot(name).remove() }

  /// Repeats an example for each item; the examples themselves go.
  func each<Item>(_ name: String, _ items: some Sequence<Item>, fill: (Element, Item) throws -> Void) throws {
    let example = try first(where: "data-each", is: name)
    let others = example.siblings.filter { $0["data-each"] == name }
    for item in items {
      let copy = try example.cloneBefore()
      try copy.set("data-each", nil)
      try fill(copy, item)
    }
    for element in others { element.remove() }
    example.remove()
  }

  /// Replaces one of the classes that set a tone by another.
  func set(tone: String) throws {
    let tones: Set = [
      "blocked", "failed-blocker", "warning", "failed-warning", "undecided", "undetermined", "ready", "passed",
      "waived",
      "skipped",
    ]
    let kept = (self["class"] ?? "").split(separator: " ").map(String.init).filter { !tones.contains($0) }
    try set("class", (kept + [tone]).joined(separator: " "))
  }

  func set(icon: String) throws {
    try first(named: "use").set("href", "#i-\(icon)")
  }

  /// Tone, icon and word of a status.
  func set(look: Look, word: String? = nil) throws {
    try set(tone: look.css)
    try set(icon: look.icon)
    try fill("word", word ?? look.word)
  }

  func set(pieces: [Piece], in page: HTMLReport) throws {
    removeContent()
    try append(pieces: pieces, in: page)
  }

  func append(pieces: [Piece], in page: HTMLReport) throws {
    for piece in pieces {
      switch piece {
      case .text(let text): try append(text: text)
      case .strong(let text): try append(element: "strong").append(text: text)
      case .code(let text): try append(element: "code").append(text: text)
      case .link(let text, let place): try append(element: "a", ["href": page.link(to: place)]).append(text: text)
      }
    }
  }

  /// What says which outcome an element is about, for other programs and people's own style.
  func mark(as outcome: Outcome) throws {
    try set("data-rule", outcome.rule)
    try set("data-outcome", outcome.outcome.rawValue)
    try set("data-database", outcome.database)
  }
}
