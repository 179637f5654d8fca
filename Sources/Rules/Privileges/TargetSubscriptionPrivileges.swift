import Catalog

extension Rule {
  static let targetSubscriptionPrivileges = Rule(
    "target-subscription-privileges", "The target role may create subscriptions",
    group: .privileges, methods: [.replication],
    documentation: "https://www.postgresql.org/docs/current/logical-replication-security.html",
    explanation: Explanation(
      why: "Logical replication needs a subscription in each target database.",
      decides: """
        The target role is a superuser; or aiven_extras is installed in the target database and may be used, or on \
        Aiven can be installed (elsewhere an allow list lets the role create it, and leaves its schema closed to the \
        role); or, from 16 on, the role is a member of pg_create_subscription and may CREATE in the database; or it \
        is a member of the provider's administrators, where the provider lets them create subscriptions (RDS, Aurora, \
        Cloud SQL, AlloyDB, Azure, Neon). The subscription of a member of pg_create_subscription needs a password that the \
        source asks for: it is a blocker where the source let this program in without one. A database without any table, sequence and large object needs no subscription.
        """,
      fix: "Grant pg_create_subscription (16 and newer) or the provider's role, or connect as a superuser."),
    decide: .database { pair in
      let target = pair.clusters.target
      let me = try target.me.value
      if me.rolsuper { return .passed("\(me.rolname) is a superuser.") }
      let existing = try pair.database(on: .target)
      // A database that is created belongs to the role.
      let mayCreate = existing?.canCreate ?? true
      if try pair.aivenExtrasIsUsable(on: .target) {
        return .passed("aiven_extras creates subscriptions for \(me.rolname).")
      }
      // An extension that an allow list lets in belongs to the bootstrap superuser, its schema too: Aiven then opens it.
      if target.providerForWording == .aiven, let offered = try target.defaultVersion(of: "aiven_extras"),
        try pair.targetExtensions()["aiven_extras"] == nil,
        case .granted = try target.permission(toCreate: offered, in: pair.name, mayCreateInDatabase: mayCreate)
      {
        return .passed("aiven_extras can be installed, and creates subscriptions for \(me.rolname).")
      }
      if let administrator = target.subscriptionAdministrators.first(where: me.inherits.contains) {
        return .passed("\(me.rolname) is a member of \(administrator).")
      }
      let isMember = me.inherits.contains("pg_create_subscription")
      if isMember, mayCreate { return try pair.passwordForSubscription(of: me) }

      if try pair.hasNothingToReplicate() { return DatabasePair.nothingToReplicate }
      let role = quotedIdentifier(me.rolname)
      let version = try target.version
      let remediation =
        if isMember {
          Remediation(
            "Let the role create objects in the database.",
            paste: "GRANT CREATE ON DATABASE \(quotedIdentifier(pair.name)) TO \(role);", at: .target)
        } else if let administrator = target.subscriptionAdministrators.first {
          Remediation(
            "Make the role a member of \(administrator).", paste: "GRANT \(administrator) TO \(role);", at: .target)
        } else if version.major >= 16 {
          Remediation("Grant the predefined role.", paste: "GRANT pg_create_subscription TO \(role);", at: .target)
        } else {
          Remediation("Connect to the target as a superuser: before 16 nobody else may create subscriptions.")
        }
      return .failed(
        "\(me.rolname) may not create subscriptions.",
        [
          Finding(
            "role \(role)",
            isMember
              ? "it may not CREATE in the target database" : "it has no right to create subscriptions on the target",
            evidence: ["target version": "\(version)", "rolsuper": "false"], remediation: remediation)
        ])
    })
}

extension DatabasePair {
  /// Whether the source asks for a password, without which the server lets only superusers subscribe (PostgreSQL
  /// documentation, CREATE SUBSCRIPTION, `password_required`).
  fileprivate func passwordForSubscription(of me: CurrentRole) throws(Undetermined) -> Conclusion {
    let granted = "\(me.rolname) is a member of pg_create_subscription"
    let source = try clusters.source.session(on: .source)
    guard let usedPassword = source.usedPassword else {
      throw Undetermined(
        "the snapshot of the source does not say whether a password was asked for", remedy: "Take a new snapshot.")
    }
    if usedPassword { return .passed("\(granted), and the source asks for a password.") }
    if try hasNothingToReplicate() { return DatabasePair.nothingToReplicate }
    let user = quotedIdentifier(source.user)
    return .failed(
      "\(granted), and the source asks for no password, which the subscription of a role without superuser needs.",
      [
        Finding(
          "source \(clusters.source.connectionString)",
          "it let role \(user) in without a password (trust, peer, cert or another method of pg_hba.conf)",
          evidence: ["password used": "no", "password_required": "true"],
          remediation: Remediation(
            """
            Give the role a password, have pg_hba.conf of the source ask for it (scram-sha-256) in connections of this \
            host and of the target, and pass it in --source; or connect to the target as a superuser.
            """))
      ])
  }
}

extension ClusterSnapshot {
  /// Roles whose members the provider lets create subscriptions.
  fileprivate var subscriptionAdministrators: [String] {
    switch providerForWording {
    case .rds, .aurora: ["rds_superuser"]
    case .cloudsql: ["cloudsqlsuperuser"]
    case .alloydb: ["alloydbsuperuser"]
    case .azure: ["azure_pg_admin"]
    case .neon: ["neon_superuser"]
    default: []
    }
  }
}
