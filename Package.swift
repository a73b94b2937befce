// swift-tools-version: 6.2
import PackageDescription

/// One list for every target. Warnings are errors only where `DISCOVERY_STRICT` is set, as `Tests/run` does, so that a newer
/// compiler's new warning does not break those who merely build us.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    ] + (Context.environment["DISCOVERY_STRICT"] == nil ? [] : [.treatAllWarnings(as: .error)])

extension Target.Dependency {
    static let grdb = product(name: "GRDB", package: "GRDB.swift")
    static let sqlite = product(name: "GRDBSQLite", package: "GRDB.swift")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let nioTLS = product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
    static let asyncHTTPClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let logging = product(name: "Logging", package: "swift-log")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let tracing = product(name: "Tracing", package: "swift-distributed-tracing")
    static let inMemoryTracing = product(name: "InMemoryTracing", package: "swift-distributed-tracing")
    static let metricsTestKit = product(name: "MetricsTestKit", package: "swift-metrics")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let subprocess = product(name: "Subprocess", package: "swift-subprocess")
    static let yams = product(name: "Yams", package: "Yams")
}

let package = Package(
    name: "discovery",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "DiscoveryKit", targets: ["DiscoveryKit"]),
        .library(name: "DiscoveryTesting", targets: ["DiscoveryTesting"]),
        .executable(name: "discovery", targets: ["discovery"]),
        .executable(name: "discoveryd", targets: ["discoveryd"]),
        .plugin(name: "DiscoveryAddresses", targets: ["DiscoveryAddresses"]),
    ],
    dependencies: [
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.12.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.10.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(
            url: "https://github.com/apple/swift-configuration", from: "1.4.0",
            traits: ["JSON", "YAML", "CommandLineArguments", "Reloading"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "AWSProtocol", dependencies: [.crypto], swiftSettings: strict),
        .target(name: "Store", dependencies: [.grdb, .sqlite], swiftSettings: strict),
        .target(name: "Registry", dependencies: ["Store"], swiftSettings: strict),
        .target(name: "Messaging", dependencies: ["Store", .crypto], swiftSettings: strict),
        .target(name: "HTTPServing", dependencies: [.nioCore, .nioPosix, .nioHTTP1, .nioTLS, .nioSSL], swiftSettings: strict),
        .target(
            name: "DiscoveryKit",
            dependencies: [
                "AWSProtocol", "Registry", "Messaging", "Store", "HTTPServing", .nioCore, .nioPosix, .nioHTTP1, .asyncHTTPClient, .logging,
                .metrics, .tracing, .configuration, .lifecycle,
            ],
            swiftSettings: strict),
        .target(name: "CloudFormation", dependencies: [.yams], swiftSettings: strict),
        .target(name: "AddressGenerator", dependencies: ["CloudFormation"], swiftSettings: strict),
        .executableTarget(name: "discovery-generate", dependencies: ["AddressGenerator"], swiftSettings: strict),
        .plugin(
            name: "DiscoveryAddresses", capability: .buildTool(), dependencies: ["discovery-generate"], path: "Sources/DiscoveryAddresses"),
        .target(
            name: "Deployment", dependencies: ["CloudFormation", "DiscoveryKit", "Registry", "Messaging", "Store"], swiftSettings: strict),
        .target(
            name: "DiscoveryServer",
            dependencies: [
                "AWSProtocol", "DiscoveryKit", "Registry", "Messaging", "Store", "HTTPServing", .crypto, .nioCore, .nioPosix, .nioHTTP1,
                .nioSSL, .asyncHTTPClient, .coreMetrics, .logging, .configuration, .lifecycle,
            ],
            swiftSettings: strict),
        .target(name: "DiscoveryTesting", dependencies: ["DiscoveryKit", "Registry"], swiftSettings: strict),
        .executableTarget(
            name: "discovery",
            dependencies: [
                "DiscoveryKit", "AddressGenerator", "Deployment", "CloudFormation", "Registry", "Messaging", "Store", .argumentParser,
                .subprocess, .lifecycle, .unixSignals, .logging,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "discoveryd",
            dependencies: [
                "DiscoveryServer", "DiscoveryKit", "HTTPServing", "Registry", "Store", .argumentParser, .configuration, .lifecycle,
                .unixSignals, .logging, .metrics, .yams,
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "Processes",
            dependencies: [
                "DiscoveryKit", "Deployment", "CloudFormation", "Registry", "Messaging", "Store", .lifecycle, .unixSignals, .logging,
            ],
            path: "Tests/Processes", swiftSettings: strict),
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "DiscoveryKit", "Registry", "Messaging", "Store", "HTTPServing", .asyncHTTPClient, .nioCore, .nioPosix, .nioHTTP1,
            ],
            path: "Tests/Benchmarks", exclude: ["References"], swiftSettings: strict),
        .testTarget(name: "AWSProtocolTests", dependencies: ["AWSProtocol", .crypto], exclude: ["Models"], swiftSettings: strict),
        .testTarget(name: "StoreTests", dependencies: ["Store", "Processes", .grdb], swiftSettings: strict),
        .testTarget(name: "RegistryTests", dependencies: ["Registry", "Store", "Processes"], swiftSettings: strict),
        .testTarget(name: "MessagingTests", dependencies: ["Messaging", "Store", "Processes", .grdb, .sqlite], swiftSettings: strict),
        .testTarget(name: "HTTPServingTests", dependencies: ["HTTPServing", .nioCore, .nioPosix, .nioTLS, .nioSSL], swiftSettings: strict),
        .testTarget(
            name: "DiscoveryKitTests",
            dependencies: [
                "DiscoveryKit", "Registry", "Messaging", "Store", "HTTPServing", "Processes", .nioCore, .nioPosix, .logging, .lifecycle,
                .tracing, .inMemoryTracing, .metrics, .metricsTestKit,
            ], swiftSettings: strict),
        .testTarget(
            name: "DiscoveryTestingTests",
            dependencies: ["DiscoveryTesting", "DiscoveryKit", "Registry", "Messaging", "Store", .logging], swiftSettings: strict),
        .testTarget(
            name: "DiscoveryServerTests",
            dependencies: [
                "DiscoveryServer", "DiscoveryTesting", "AWSProtocol", "DiscoveryKit", "Registry", "Messaging", "Store", "HTTPServing",
                "discovery", "discoveryd", .asyncHTTPClient, .nioCore, .nioHTTP1, .coreMetrics, .configuration, .logging, .lifecycle,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "CloudFormationTests", dependencies: ["CloudFormation", "Processes"], exclude: ["Corpus"], swiftSettings: strict),
        .testTarget(
            name: "AddressGeneratorTests", dependencies: ["AddressGenerator", "DiscoveryKit", "DiscoveryTesting"], swiftSettings: strict),
        .testTarget(
            name: "DeploymentTests",
            dependencies: [
                "Deployment", "CloudFormation", "DiscoveryKit", "Registry", "Messaging", "Store", "HTTPServing", "Processes", .logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "CommandTests", dependencies: ["discovery", "discovery-generate", .subprocess], swiftSettings: strict),
        .testTarget(name: "HouseTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
