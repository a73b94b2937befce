// swift-tools-version: 6.2
import PackageDescription

// Imports the library from outside, as an application does: an executable per sample.
let package = Package(
    name: "samples",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "discovery", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .executableTarget(name: "Scheduler", dependencies: [.product(name: "DiscoveryKit", package: "discovery")]),
        .executableTarget(
            name: "CustomAdapter",
            dependencies: [
                .product(name: "DiscoveryKit", package: "discovery"), .product(name: "DiscoveryTesting", package: "discovery"),
            ]),
        .executableTarget(
            name: "SocialNetwork",
            dependencies: [
                .product(name: "DiscoveryKit", package: "discovery"), .product(name: "discovery", package: "discovery"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "TypedScheduler", dependencies: [.product(name: "DiscoveryKit", package: "discovery")],
            plugins: [.plugin(name: "DiscoveryAddresses", package: "discovery")]),
        .executableTarget(name: "Swap", dependencies: [.product(name: "DiscoveryKit", package: "discovery")]),
        .executableTarget(
            name: "Worker",
            dependencies: [
                .product(name: "DiscoveryKit", package: "discovery"),
                // Not imported: so that the command is built beside the samples.
                .product(name: "discovery", package: "discovery"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
