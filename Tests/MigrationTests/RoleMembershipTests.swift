import Testing

@testable import Migration

@Suite struct RoleMembershipTests {
  private func membership(
    _ role: String, _ member: String, by grantor: String?, admin: Bool = false, inherit: Bool = true, set: Bool = true
  ) -> RoleMembership {
    RoleMembership(
      role: role, member: member, grantor: grantor, adminOption: admin, inheritOption: inherit, setOption: set,
      rolcreaterole: false)
  }

  @Test func `a grantor has ADMIN before it grants`() {
    let memberships = [
      membership("a", "d", by: "c"), membership("a", "c", by: "b", admin: true),
      membership("a", "b", by: nil, admin: true), membership("b", "d", by: "c"), membership("x", "y", by: "z"),
    ]
    let ordered = memberships.inOrderOfGrantors
    #expect(ordered.map(\.member) == ["b", "c", "d", "d", "y"])
    #expect(ordered[2].role == "a")
    #expect(ordered.count == memberships.count)
  }

  @Test func `what several grantors give holds together`() {
    let all = [
      membership("a", "b", by: "c", inherit: true, set: false),
      membership("a", "b", by: "d", inherit: false, set: true),
    ].effective
    #expect(all.count == 1)
    #expect(all.values.first?.options.map(\.isOn) == [false, true, true])
  }
}
