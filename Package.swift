// swift-tools-version: 6.2
import Foundation
import PackageDescription

let package = Package(
  name: "pgpreflight",
  products: [.executable(name: "pgpreflight", targets: ["pgpreflight"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
  ],
  targets: [
    // The system's libraries. `providers` is what SwiftPM suggests when one is missing.
    .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CLibxml2", pkgConfig: "libxml-2.0", providers: [.apt(["libxml2-dev"])]),
    .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    // `templates/` inside the executable, so that it stays one file that can be moved.
    .target(name: "CTemplates"),

    // The edge: servers and markup.
    .target(name: "Postgres", dependencies: ["CLibpq"]),
    .target(name: "Markup", dependencies: ["CLibxml2"]),

    // The core: values and pure functions over them.
    .target(name: "Catalog"),
    .target(name: "Rules", dependencies: ["Catalog"]),
    .target(name: "Assessment", dependencies: ["Catalog", "Rules", "CLibcrypto"]),

    // The shell.
    .target(
      name: "Inspection",
      dependencies: [
        "Catalog", "Postgres", .product(name: "Logging", package: "swift-log"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .target(
      name: "Migration",
      dependencies: [
        "Assessment", "Catalog", "Postgres", "Rules", .product(name: "Logging", package: "swift-log"),
        .product(name: "Subprocess", package: "swift-subprocess"),
      ]),
    .target(name: "Reports", dependencies: ["Assessment", "Catalog", "Markup", "CTemplates"]),
    .executableTarget(
      name: "pgpreflight",
      dependencies: [
        "Assessment", "Catalog", "Inspection", "Markup", "Migration", "Postgres", "Reports", "Rules", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ]),

    // The tests; `TestSupport` starts real clusters for them.
    .target(
      name: "TestSupport",
      dependencies: [.product(name: "Subprocess", package: "swift-subprocess")],
      path: "Tests/TestSupport"),
    .testTarget(name: "PostgresTests", dependencies: ["Postgres", "TestSupport"]),
    .testTarget(name: "RulesTests", dependencies: ["Rules", "Catalog"]),
    .testTarget(name: "AssessmentTests", dependencies: ["Assessment", "Rules", "Catalog"]),
    .testTarget(
      name: "MigrationTests",
      dependencies: ["Catalog", "Migration", .product(name: "Subprocess", package: "swift-subprocess")],
      // What can befall two cutovers at the same time is some million steps.
      swiftSettings: [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "ReportsTests",
      dependencies: ["Reports", "Assessment", "Catalog", "CLibxml2", "Markup", "Rules", "TestSupport"]),
    // What others have written, and what the product makes of it: for `scripts/fuzz`, and with what that has found.
    .target(
      name: "FuzzTargets",
      dependencies: [
        "Assessment", "Catalog", "CLibxml2", "Markup", "Postgres", "Reports", "Rules", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/FuzzTargets"),
    .testTarget(name: "FuzzTests", dependencies: ["FuzzTargets"]),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "Assessment", "Catalog", "CLibpq", "Inspection", "Migration", "Postgres", "Rules", "TestSupport", "Yams",
      ]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)

// The fuzzer's own program needs a runtime that is no part of a build (`scripts/fuzz` says where it is).
if let runtime = ProcessInfo.processInfo.environment["PGPREFLIGHT_FUZZER_RUNTIME"] {
  package.targets += [
    .target(name: "CFuzzer", path: "Fuzzing/CFuzzer"),
    .executableTarget(
      name: "fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Fuzzing/fuzz",
      linkerSettings: [.unsafeFlags([runtime]), .linkedLibrary("stdc++"), .linkedLibrary("m")]),
  ]
}
