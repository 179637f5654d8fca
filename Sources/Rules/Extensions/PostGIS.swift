import Catalog

extension Rule {
  static let postgis = Rule(
    "postgis", "Raster types of PostGIS 2 come to the target",
    group: .extensions, severity: .warning,
    documentation: "https://www.postgresql.org/docs/current/extend-extensions.html",
    explanation: Explanation(
      why: """
        Up to 2.5 the type raster and its functions are part of the extension postgis; from 3.0 on they are in \
        postgis_raster, which no dump of an older version asks for. Columns of the type then can't be restored.
        """,
      decides: """
        The source has postgis below 3.0, the target has or would create 3.0 or newer, and the target database lacks \
        postgis_raster: a blocker where a column is of type raster, else a warning. Custom rows in spatial_ref_sys are for extension-config-tables. Written after the documentation \
        of PostGIS; it was tested with stand-ins for it only.
        """,
      fix: "If rasters are used, create postgis and postgis_raster on the target before the restore."),
    decide: .database { pair in
      guard let item = try pair.extensionsToMove().first(where: { $0.extname == "postgis" }) else {
        return .passed("The database has no postgis.")
      }
      guard isExtensionVersion(item.extversion, olderThan: "3") else {
        return .passed("postgis \(item.extversion) has rasters apart.")
      }
      let installed = try pair.targetExtensions()
      let coming = try installed["postgis"]?.extversion ?? pair.clusters.target.defaultVersion(of: "postgis")?.version
      guard let coming, !isExtensionVersion(coming, olderThan: "3"), installed["postgis_raster"] == nil else {
        return .passed("postgis \(item.extversion): rasters come along.")
      }
      let isUsed = try pair.snapshot(on: .source).rasterUse.value.areThere
      return .failed(
        "postgis \(coming) on the target has no rasters of its own.",
        [
          Finding(
            "extension postgis", "rasters of \(item.extversion) need postgis_raster beside \(coming)",
            evidence: ["source": item.extversion, "target": coming],
            remediation: Remediation(
              "If rasters are used, create both before the restore.",
              paste: "CREATE EXTENSION IF NOT EXISTS postgis;\nCREATE EXTENSION postgis_raster;", at: .target))
        ], severity: isUsed ? .blocker : .warning)
    })
}
