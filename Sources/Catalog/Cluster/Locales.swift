/// Whether the operating system of the target's server knows a locale that the source uses.
public struct LocaleSupport: Codable, Sendable, Equatable {
  public var name: String
  public var isKnown: Bool

  public init(name: String, isKnown: Bool) {
    self.name = name
    self.isKnown = isKnown
  }
}

/// Which libraries beside libc's the server compares text with.
public struct CollationProviders: CatalogRow {
  /// Built with ICU: initdb then made a collation for each of its locales.
  public var hasIcu: Bool

  public static let subject = "the collation providers"

  // `collprovider` is new in 10. The collation `unicode` (16) is there without ICU too.
  public static func sql(_ server: ServerVersion) -> String {
    guard server.major >= 10 else { return "SELECT false AS has_icu" }
    return """
      SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_collation c WHERE c.collprovider = 'i'::"char"
                        AND c.collname <> 'unicode'::name) AS has_icu
      """
  }
}

/// Whether the server was built with libxml: else it refuses values of type `xml`.
public struct XMLSupport: Codable, Sendable, Equatable {
  public var isBuiltIn: Bool

  public init(isBuiltIn: Bool) { self.isBuiltIn = isBuiltIn }
}
