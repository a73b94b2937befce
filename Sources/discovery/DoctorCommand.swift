import ArgumentParser
import DiscoveryKit
import Registry
import Store

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines a home: its files, and whether what is registered can be used.",
        discussion: """
            With --salvage, copies whatever can still be read of a damaged home into a new one.

            Examples: discovery doctor
                      discovery doctor --salvage /var/lib/discovery-new
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("Salvage into a new home.", valueName: "directory"), completion: .directory) var salvage: String?

    func run() async throws {
        let path = try common.homePath
        if let salvage {
            let saved = try unwrapped { () throws(StoreError) in try Home.salvage(Registry.schema, from: path, to: salvage) }
            if common.json { return try Output.print(json: saved) }
            Output.print("Salvaged into \(salvage):")
            return Output.print(Output.table(["TABLE", "ROWS"], saved.sorted { $0.key < $1.key }.map { [$0.key, String($0.value)] }))
        }
        let examination = try unwrapped { () throws(StoreError) in try Home.examine(path: path) }
        let doubts = examination.isHealthy ? try await doubtful() : []
        if common.json {
            struct Report: Encodable { let examination: Home.Examination, doubts: [String] }
            try Output.print(json: Report(examination: examination, doubts: doubts))
        } else {
            Output.print("home \(path)")
            for database in examination.databases { show(database) }
            for doubt in doubts { Output.print("  ! \(doubt)") }
            Output.print(
                examination.isHealthy
                    ? (doubts.isEmpty ? "All is well." : "The files are well.")
                    : "Damaged. Salvage what can be read: discovery doctor --salvage NEW-HOME")
        }
        if !examination.isHealthy { throw ExitCode(DiscoveryError.Code.damaged.exitCode) }
    }

    private func show(_ database: Home.Examination.Database) {
        Output.print("  \(database.name)  format \(database.version)  \(database.bytes / 1024) KiB, log \(database.logBytes / 1024) KiB")
        for (table, count) in database.rows.sorted(by: { $0.key < $1.key }) { Output.print("    \(table)  \(count) rows") }
        for problem in database.problems { Output.print("    ! \(problem)") }
    }

    /// What is registered and can not be used.
    private func doubtful() async throws -> [String] {
        try await common.withDiscovery { discovery in
            var doubts: [String] = []
            for service in try await discovery.services() {
                for row in try await discovery.instances(of: Address(parsing: service.service)) {
                    if let problem = row.problem { doubts.append("\(service.service)->\(row.instance): \(problem)") }
                    if row.lease == "ended" {
                        doubts.append("\(service.service)->\(row.instance): its process has ended; the next registration removes it.")
                    }
                }
            }
            return doubts
        }
    }
}

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copies a home, in a consistent state, while it is in use. The copy is a home.",
        discussion: "Example: discovery backup /backups/discovery-$(date +%F)")

    @OptionGroup var common: CommonOptions
    @Argument(help: "A new or empty directory.", completion: .directory) var target: String

    func run() async throws {
        let path = try common.homePath
        try unwrapped { () throws(StoreError) in try Home.backup(path: path, to: target) }
        if common.json { try Output.print(json: ["home": path, "backup": target]) } else { Output.print("\(path) is copied to \(target)") }
    }
}

/// The store's errors in the facade's form, with their exit codes.
private func unwrapped<Value>(_ body: () throws(StoreError) -> Value) throws -> Value {
    do throws(StoreError) { return try body() } catch { throw DiscoveryError(error) }
}
