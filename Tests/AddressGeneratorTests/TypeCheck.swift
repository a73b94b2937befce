import Dispatch
import Foundation

/// The compiler, asked whether Swift that uses the library is right.
enum TypeCheck {
    /// The build's products, beside the test bundle, and the packages that they are made of. `nil` where they are not as SwiftPM has them.
    private static let folders: (products: URL, checkouts: URL)? = {
        var folder = URL(fileURLWithPath: CommandLine.arguments[0])
        if let position = CommandLine.arguments.firstIndex(of: "--test-bundle-path"), position + 1 < CommandLine.arguments.count {
            folder = URL(fileURLWithPath: CommandLine.arguments[position + 1])
        }
        func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
        while folder.path != "/", !exists(folder.appending(path: "Modules/DiscoveryKit.swiftmodule")) { folder.deleteLastPathComponent() }
        let products = folder
        while folder.path != "/", !exists(folder.appending(path: "checkouts")) { folder.deleteLastPathComponent() }
        return folder.path == "/" ? nil : (products, folder.appending(path: "checkouts"))
    }()

    static var isPossible: Bool { folders != nil }

    /// What the compiler says of some files, by file and line.
    static func errors(in sources: [String: String], with settings: [String] = []) async throws -> [String: [Int: String]] {
        guard let folders else { return [:] }
        let folder = FileManager.default.temporaryDirectory.appending(path: "typecheck-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let files = sources.keys.sorted()
        for file in files {
            try Data((sources[file] ?? "").utf8).write(to: folder.appending(path: file))
        }
        let arguments =
            ["swiftc", "-typecheck", "-swift-version", "6", "-module-name", "Uses", "-I", folders.products.appending(path: "Modules").path]
            + settings + moduleMaps(folders.products, folders.checkouts).flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] }
        let (status, output) = try await run(arguments + files.map { folder.appending(path: $0).path })
        var errors: [String: [Int: String]] = [:]
        for line in output.split(separator: "\n") {
            guard let match = line.firstMatch(of: /([^\/:]+\.swift):(\d+):\d+: error: (.*)/), let number = Int(match.output.2) else {
                continue
            }
            errors[String(match.output.1), default: [:]][number] = String(match.output.3)
        }
        // Anything else that went wrong must not look like a success.
        if status != 0, errors.isEmpty { errors[""] = [0: output] }
        return errors
    }

    /// Of the C in the packages below, which the compiler wants to see.
    private static func moduleMaps(_ products: URL, _ checkouts: URL) -> [String] {
        func folders(in folder: URL) -> [URL] {
            (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        }
        let targets = folders(in: checkouts).flatMap { folders(in: $0.appending(path: "Sources")) }
        let candidates =
            targets.flatMap { [$0, $0.appending(path: "include")] } + folders(in: products).filter { $0.pathExtension == "build" }
        return candidates.map { $0.appending(path: "module.modulemap").path }.filter { FileManager.default.fileExists(atPath: $0) }.sorted()
    }

    private static func run(_ arguments: [String]) async throws -> (status: Int32, output: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let process = Process()
                        let pipe = Pipe()
                        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
                        process.arguments = arguments
                        process.standardInput = FileHandle.nullDevice
                        process.standardOutput = pipe
                        process.standardError = pipe
                        try process.run()
                        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
                        process.waitUntilExit()
                        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
                    })
            }
        }
    }
}
