import Catalog

extension Rule {
  static let providerSupported = Rule(
    "provider-supported", "The services on both sides are known, and their own ways with them",
    group: .server, severity: .notice,
    documentation: "https://www.postgresql.org/docs/current/view-pg-settings.html",
    explanation: Explanation(
      why:
        "Services give no superuser, and have their own ways to change settings, to replicate and to create extensions.",
      decides: """
        It always passes. A service is recognised by roles, databases, settings, functions and schemas that its \
        documentation names; where all of them are of one kind, it says so. RDS, AlloyDB, Cloud SQL and Azure are not \
        concluded from roles alone, as a dump brings these along. Remedies are worded for the service. What services \
        do was taken from their documentation.
        """,
      fix: "Nothing has to be done. Where the service is another one, read the remedies accordingly."),
    decide: .cluster { pair in
      var notices: [Finding] = []
      var names: [String] = []
      for side in Side.allCases {
        let recognition = try pair[side].provider.value
        let provider = recognition.provider
        names.append("\(side.rawValue): \(provider.displayName)")
        guard let limits = provider.limits else { continue }
        notices.append(
          Finding(
            "\(side.rawValue)", "\(recognition.isSure ? "" : "probably ")\(provider.displayName): \(limits)",
            evidence: ["recognised by": recognition.marks.listed(atMost: 10)], remediation: nil))
      }
      return .passed(names.joined(separator: ", ") + ".", notices: notices)
    })
}

extension Provider {
  /// What its customers do otherwise than on a server of their own; nil for such a server.
  fileprivate var limits: String? {
    switch self {
    case .aurora:
      "settings are in the DB cluster parameter group, rds_superuser and rds_replication stand in for a superuser"
    case .rds: "settings are in the DB parameter group, rds_superuser and rds_replication stand in for a superuser"
    case .alloydb: "settings are flags of the instance, alloydbsuperuser stands in for a superuser"
    case .cloudsql: "settings are flags of the instance, cloudsqlsuperuser stands in for a superuser"
    case .azure: "settings are server parameters, azure_pg_admin stands in for a superuser"
    case .aiven: "settings are those of the service, avnadmin and the extension aiven_extras stand in for a superuser"
    case .neon: "settings are those of the project, neon_superuser stands in for a superuser; not through its pooler"
    case .supabase: "the role postgres is no superuser; the schemas of the platform are on a target project already"
    case .crunchy: "settings are those of the cluster in the dashboard; the role postgres is a superuser"
    case .heroku: "no superuser, no logical replication for customers, extensions lie in heroku_ext"
    case .digitalocean: "settings are changed through its API; doadmin stands in for a superuser"
    case .timescale: "tsdbadmin stands in for a superuser; hypertables are moved by a procedure of their own"
    case .selfManaged: nil
    }
  }
}
