/// A service that runs PostgreSQL for its customers, or none.
public enum Provider: String, Codable, Sendable, CaseIterable {
  case aurora, rds, alloydb, cloudsql, azure, aiven, neon, supabase, crunchy, heroku, digitalocean, timescale
  case selfManaged = "self-managed"

  /// The name that its customers know it by.
  public var displayName: String {
    switch self {
    case .aurora: "Amazon Aurora"
    case .rds: "Amazon RDS"
    case .alloydb: "Google AlloyDB"
    case .cloudsql: "Google Cloud SQL"
    case .azure: "Azure Database for PostgreSQL"
    case .aiven: "Aiven"
    case .neon: "Neon"
    case .supabase: "Supabase"
    case .crunchy: "Crunchy Bridge"
    case .heroku: "Heroku Postgres"
    case .digitalocean: "DigitalOcean"
    case .timescale: "Timescale"
    case .selfManaged: "self-managed"
    }
  }

  /// The storage grows by itself, without a setting.
  public var hasElasticStorage: Bool { self == .aurora || self == .alloydb || self == .neon }
}

/// Which provider it is, and by which marks. A snapshot keeps what the server told, and this is concluded anew.
public struct ProviderRecognition: Codable, Sendable, Equatable {
  public let provider: Provider
  /// What its customers find named in the provider's documentation.
  public let marks: [String]
  private let told: ProviderMarks

  /// Whether marks of more than one kind say so.
  public var isSure: Bool { Set(marks.map { $0.prefix { $0 != " " } }).count > 1 }

  /// The first provider of which a mark is there. Marks are what the providers document of their services.
  public init(from told: ProviderMarks) {
    func found(
      roles: [String] = [], databases: [String] = [], prefixes: [String] = [], functions: [String] = [],
      schemas: [String] = []
    ) -> [String] {
      told.roles.filter(roles.contains).map { "role \($0)" }
        + told.databases.filter(databases.contains).map { "database \($0)" }
        + told.settingPrefixes.filter(prefixes.contains).map { "settings \($0).*" }
        + told.functions.filter(functions.contains).map { "function \($0)" }
        + told.schemas.filter(schemas.contains).map { "schema \($0)" }
    }
    // Roles are brought along by dumps, so that a cluster may have them that was on the service once.
    func beyondRoles(_ marks: [String]) -> [String] { marks.allSatisfy { $0.hasPrefix("role ") } ? [] : marks }

    let rds = found(roles: ["rdsadmin", "rds_superuser"], databases: ["rdsadmin"], prefixes: ["rds"])
    let aurora = found(prefixes: ["aurora"], functions: ["aurora_version"])
    let heroku = found(schemas: ["heroku_ext"])
    let candidates: [(Provider, [String])] = [
      (.aurora, aurora.isEmpty ? [] : aurora + rds),
      (.rds, beyondRoles(rds)),
      (
        .alloydb,
        beyondRoles(
          found(
            roles: ["alloydbadmin", "alloydbsuperuser"], databases: ["alloydbadmin", "alloydbmetadata"],
            prefixes: ["alloydb"], functions: ["alloydb_version"]))
      ),
      (
        .cloudsql,
        beyondRoles(
          found(
            roles: ["cloudsqladmin", "cloudsqlsuperuser"], databases: ["cloudsqladmin"], prefixes: ["cloudsql"]))
      ),
      (
        .azure,
        beyondRoles(
          found(
            roles: ["azuresu", "azure_pg_admin"], databases: ["azure_maintenance", "azure_sys"], prefixes: ["azure"]))
      ),
      (.aiven, found(roles: ["avnadmin"], databases: ["_aiven"], prefixes: ["aiven"])),
      (.neon, found(roles: ["neon_superuser"], prefixes: ["neon"])),
      (.supabase, found(roles: ["supabase_admin"], prefixes: ["supautils"])),
      (.crunchy, found(roles: ["crunchy_superuser", "crunchy_replication"], prefixes: ["crunchy"])),
      (.digitalocean, found(roles: ["doadmin"], databases: ["_dodb"])),
      (.timescale, found(roles: ["tsdbadmin"])),
      (.heroku, heroku.isEmpty ? [] : heroku + found(prefixes: ["extwlist"])),
    ]
    let first = candidates.first { !$0.1.isEmpty }
    provider = first?.0 ?? .selfManaged
    marks = first?.1 ?? []
    self.told = told
  }

  public init(from decoder: any Decoder) throws { self.init(from: try ProviderMarks(from: decoder)) }

  public func encode(to encoder: any Encoder) throws { try told.encode(to: encoder) }
}
