import Catalog

extension Rule {
  static let securityLabels = Rule(
    "security-labels", "The target knows the providers of security labels",
    group: .schema, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/sql-security-label.html",
    explanation: Explanation(
      why: """
        A label belongs to a provider, a library that the server has loaded. Where it is not, SECURITY LABEL fails, and \
        with it a restore that ends at the first error; without the labels, what they protect is not protected.
        """,
      decides: """
        The source database has no security labels, or the library of each of their providers is named in \
        shared_preload_libraries of the target.
        """,
      fix: "Load the provider's library on the target, or leave the labels out."),
    decide: .database { pair in
      let providers = try pair.snapshot(on: .source).labelProviders.value
      guard !providers.isEmpty else { return .passed("There are no security labels.") }
      let target = pair.clusters.target
      let value = try target.setting("shared_preload_libraries")
      let loaded = value.split(separator: ",").map { entry in
        String(entry.split(separator: "/").last ?? "").filter { $0 != " " && $0 != "\"" }
      }
      let missing = providers.filter { !loaded.contains($0.library) && !loaded.contains("\($0.library).so") }
      guard !missing.isEmpty else {
        return .passed("The target has loaded \(providers.map(\.provider).listed()), whose labels there are.")
      }
      return .failed(
        "The target has not loaded \(missing.count.counted("provider")) of security labels.",
        missing.map {
          Finding(
            "label provider \(quotedIdentifier($0.provider))",
            "\($0.labels.counted("label is", "labels are")) its own, and the target does not load \($0.library)",
            evidence: ["labels": "\($0.labels)", "shared_preload_libraries": value],
            remediation: Remediation(
              "Load the library on the target, or dump with --no-security-labels and do without what they protect."))
        })
    })
}

extension LabelProvider {
  /// That of SELinux is the one whose library is called otherwise.
  fileprivate var library: String { provider == "selinux" ? "sepgsql" : provider }
}
