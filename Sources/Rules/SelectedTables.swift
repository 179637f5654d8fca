import Catalog

/// A row about one table, of a query that gives all rows where there is a table filter, else the first of them; or the
/// first of those that the filter selects.
protocol TableRow {
  var nTotal: Int { get }
  var nspname: String { get }
  var relname: String { get }
}

extension TableRow {
  /// To be shown and pasted.
  var qualifiedName: String { qualifiedIdentifier(nspname, relname) }
}

extension UnidentifiedTable: TableRow {}
extension FullIdentityTable: TableRow {}
extension LoadReading: TableRow {}
extension UnloggedTable: TableRow {}
extension MaterializedView: TableRow {}
extension MaterializedViewSource: TableRow {}
extension RowSecuredTable: TableRow {}
extension InvalidIndex: TableRow {}
extension AccessMethodUse: TableRow {}
extension WideTable: TableRow {}
extension MoneyColumn: TableRow {}
extension XMLUse: TableRow {}
extension FiringTrigger: TableRow {}
extension FiringRule: TableRow {}
extension CodedTable: TableRow {}
extension GeneratedKeyTable: TableRow {}
extension EnumHashedTable: TableRow {}
extension ForcedRowSecurityTable: TableRow {}
extension UnvalidatedConstraint: TableRow {}
extension UnvalidatedDomain: TableRow {}
extension UnpublishedReference: TableRow {}

extension DatabasePair {
  /// Those of the rows whose tables are selected, and how many there are of them in all.
  func selected<Row: TableRow>(_ rows: [Row]) -> (count: Int, rows: [Row]) {
    let total = rows.first?.nTotal ?? 0
    // Where there are more than are given, the server has counted the selected ones.
    guard options.tables != .all, rows.count >= total else { return (total, rows) }
    let chosen = rows.filter { options.tables.selects(schema: $0.nspname, table: $0.relname, in: name) }
    return (chosen.count, chosen)
  }
}
