// swift-tools-version: 6.2
import PackageDescription

// Imports the library from outside, as an application does: an executable per sample.
let package = Package(
    name: "samples",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "discovery", path: "..")],
    targets: [
        .executableTarget(name: "Scheduler", dependencies: [.product(name: "DiscoveryKit", package: "discovery")]),
        .executableTarget(
            name: "CustomAdapter",
            dependencies: [
                .product(name: "DiscoveryKit", package: "discovery"), .product(name: "DiscoveryTesting", package: "discovery"),
            ]),
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
