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

/// Which provider it is, and by which marks.
public struct ProviderRecognition: Codable, Sendable, Equatable {
  public var provider: Provider
  public var marks: [String]

  /// The first provider of which a mark is there. Marks are what the providers document of their services.
  public init(from marks: ProviderMarks) {
    func found(
      roles: [String] = [], databases: [String] = [], prefixes: [String] = [], functions: [String] = []
    ) -> [String] {
      marks.roles.filter(roles.contains).map { "role \($0)" }
        + marks.databases.filter(databases.contains).map { "database \($0)" }
        + marks.settingPrefixes.filter(prefixes.contains).map { "settings \($0).*" }
        + marks.functions.filter(functions.contains).map { "function \($0)" }
    }
    let candidates: [(Provider, [String])] = [
      (.aurora, found(prefixes: ["aurora"], functions: ["aurora_version"])),
      (.rds, found(roles: ["rdsadmin", "rds_superuser"], databases: ["rdsadmin"], prefixes: ["rds"])),
      (
        .alloydb,
        found(
          roles: ["alloydbadmin", "alloydbsuperuser"], databases: ["alloydbadmin", "alloydbmetadata"],
          prefixes: ["alloydb"])
      ),
      (
        .cloudsql,
        found(
          roles: ["cloudsqladmin", "cloudsqlsuperuser"], databases: ["cloudsqladmin"], prefixes: ["cloudsql"])
      ),
      (
        .azure,
        found(
          roles: ["azuresu", "azure_pg_admin"], databases: ["azure_maintenance", "azure_sys"], prefixes: ["azure"])
      ),
      (.aiven, found(roles: ["avnadmin"], databases: ["_aiven"], prefixes: ["aiven"])),
      (.neon, found(roles: ["neon_superuser"], prefixes: ["neon"])),
      (.supabase, found(roles: ["supabase_admin"], prefixes: ["supautils"])),
      (.crunchy, found(roles: ["crunchy_superuser", "crunchy_replication"], prefixes: ["crunchy"])),
      (.digitalocean, found(roles: ["doadmin"], databases: ["_dodb"])),
      (.timescale, found(roles: ["tsdbadmin"])),
    ]
    let first = candidates.first { !$0.1.isEmpty }
    provider = first?.0 ?? .selfManaged
    self.marks = first?.1 ?? []
  }
}
