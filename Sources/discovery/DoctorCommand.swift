import ArgumentParser
import DiscoveryKit
import Foundation
import Messaging
import Registry
import Store

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Examines a home: its files, its queues, and whether what is registered can be used.",
        discussion: """
            With --salvage, copies whatever can still be read of a damaged home into a new one.

            Examples: discovery doctor
                      discovery doctor --salvage /var/lib/discovery-new
            """)

    @OptionGroup var common: CommonOptions
    @Option(help: ArgumentHelp("Salvage into a new home.", valueName: "directory"), completion: .directory) var salvage: String?

    func run() async throws {
        let path = try common.homePath
        if let salvage { return try await save(path, into: salvage) }
        let examination = try unwrapped { () throws(StoreError) in try Home.examine(path: path) }
        let (queues, problems) = await examinedQueues(of: path, examination)
        let isHealthy = examination.isHealthy && problems.isEmpty && queues.allSatisfy(\.isHealthy)
        var doubts = isHealthy ? try await doubtful(queues) : []
        // Not asked where nothing was ever queued: asking would open it.
        let courier = isHealthy && hasMessages(examination) ? try await common.withDiscovery { try await $0.backlog() } : nil
        if let courier, let holder = courier.courier, holder.isStopped, !courier.backlog.isEmpty {
            doubts.append("What waits is delivered by nobody: the courier is \(holder).")
        }
        if common.json {
            struct Report: Encodable {
                let examination: Home.Examination, queues: [Messaging.QueueExamination], problems: [String], doubts: [String]
                let courier: String?, backlog: [Discovery.Backlog]
            }
            try Output.print(
                json: Report(
                    examination: examination, queues: queues, problems: problems, doubts: doubts, courier: courier?.courier?.description,
                    backlog: courier?.backlog ?? []))
        } else {
            Output.print("home \(path)")
            for database in examination.databases { show(database) }
            if !queues.isEmpty { Output.print("  queues") }
            // What waits in those of subscriptions is told by who is to get it.
            for queue in queues where !(queue.isHealthy && queue.queue.hasPrefix("~")) {
                Output.print("    \(queue.queue)  \(queue.whole) message\(queue.whole == 1 ? "" : "s")")
                for problem in queue.problems { Output.print("    ! \(problem)") }
            }
            if let courier { for line in Output.lines(courier.backlog, courier: courier.courier) { Output.print("  \(line)") } }
            for doubt in problems + doubts { Output.print("  ! \(doubt)") }
            Output.print(
                isHealthy
                    ? (doubts.isEmpty ? "All is well." : "The files are well.")
                    : "Damaged. Salvage what can be read: discovery doctor --salvage NEW-HOME")
        }
        if !isHealthy { throw ExitCode(DiscoveryError.Code.damaged.exitCode) }
    }

    private func hasMessages(_ examination: Home.Examination) -> Bool {
        examination.databases.contains { $0.name == Messaging.schema.name.rawValue }
    }

    /// The queues, one by one; not opened where there are none, as that would make them.
    private func examinedQueues(
        of path: String, _ examination: Home.Examination
    ) async -> (queues: [Messaging.QueueExamination], problems: [String]) {
        guard hasMessages(examination) else { return ([], []) }
        do {
            let messaging = try Messaging(Home(path: path))
            defer { messaging.close() }
            return (try await messaging.examine(), [])
        } catch {
            return ([], ["The queues cannot be examined: \(DiscoveryError(wrapping: error).message)"])
        }
    }

    private func save(_ path: String, into target: String) async throws {
        struct Report: Encodable { let tables: [String: Int], queues: [Messaging.QueueSalvage] }
        func has(_ schema: Schema) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(schema.name.rawValue).sqlite") }
        let hasMessages = has(Messaging.schema)
        let tables =
            has(Registry.schema) || !hasMessages
            ? try unwrapped { () throws(StoreError) in try Home.salvage(Registry.schema, from: path, to: target) } : [:]
        var queues: [Messaging.QueueSalvage] = []
        if hasMessages {
            do { queues = try await Messaging.salvage(from: path, to: target) } catch { throw DiscoveryError(wrapping: error) }
        }
        if common.json { return try Output.print(json: Report(tables: tables, queues: queues)) }
        Output.print("Salvaged into \(target):")
        Output.print(Output.table(["TABLE", "ROWS"], tables.sorted { $0.key < $1.key }.map { [$0.key, String($0.value)] }))
        guard !queues.isEmpty else { return }
        Output.print("\n" + Output.table(["QUEUE", "MESSAGES", "LOST"], queues.map { [$0.queue, String($0.saved), String($0.lost)] }))
    }

    private func show(_ database: Home.Examination.Database) {
        Output.print("  \(database.name)  format \(database.version)  \(database.bytes / 1024) KiB, log \(database.logBytes / 1024) KiB")
        for (table, count) in database.rows.sorted(by: { $0.key < $1.key }) { Output.print("    \(table)  \(count) rows") }
        for problem in database.problems { Output.print("    ! \(problem)") }
    }

    /// What is registered and can not be used.
    private func doubtful(_ queues: [Messaging.QueueExamination]) async throws -> [String] {
        let names = Set(queues.map(\.queue))
        return try await common.withDiscovery { discovery in
            var doubts: [String] = []
            for service in try await discovery.services() {
                for row in try await discovery.instances(of: Address(parsing: service.service)) {
                    if let problem = row.problem { doubts.append("\(service.service)->\(row.instance): \(problem)") }
                    if row.lease == "ended" {
                        doubts.append("\(service.service)->\(row.instance): its process has ended; the next registration removes it.")
                    }
                    let resource = row.kind == Resource.Kind.queue.description ? row.location.map { Resource(.queue, at: $0) } : nil
                    if let queue = resource?.queueName, !names.contains(queue) {
                        doubts.append("\(service.service)->\(row.instance): there is no queue `\(queue)` in this home.")
                    }
                }
            }
            if names.isEmpty { return doubts }
            for queue in try await discovery.withMessages({ try await $0.queues(limit: .max) }) {
                guard let dead = queue.configuration.redrive?.deadLetterQueue, !names.contains(dead) else { continue }
                doubts.append(
                    "\(queue.name): its dead-letter queue `\(dead)` is gone, so that failing messages stay for as long as they are kept.")
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
