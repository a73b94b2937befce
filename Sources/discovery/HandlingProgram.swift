import DiscoveryKit
import Foundation
import Subprocess

/// A program that is run once per message; how it ends decides what becomes of the message.
struct HandlingProgram: Sendable {
    /// Of what a program wrote to standard error, the end is kept with the message: that is where the reason stands.
    private static let reasonLength = 1_000
    /// `EX_TEMPFAIL`: try again. Any other failure means the same; this one is meant for it.
    static let retryExitCode: Int32 = 75
    static let deadLetterExitCode: Int32 = 100

    enum Verdict: Sendable, Equatable {
        case finish
        case retry(String)
        case deadLetter(String)
    }

    private let program: NamedProgram
    private let home: String
    private let address: Address

    init(_ command: [String], home: String, address: Address) async throws(DiscoveryError) {
        program = try await NamedProgram(command)
        self.home = URL(fileURLWithPath: home).path
        self.address = address
    }

    /// Runs it, and waits for its end. Its output is ours. Cancelled, it ends the program.
    func handle(_ delivery: Delivery) async throws -> Verdict {
        let input = try await UnnamedFile(holding: delivery.message.body)
        let complaints = try await UnnamedFile()
        let status: TerminationStatus
        do {
            status = try await Subprocess.run(
                program.executable, arguments: program.arguments, environment: .inherit.updating(environment(of: delivery)),
                platformOptions: NamedProgram.options, input: .fileDescriptor(input.descriptor, closeAfterSpawningProcess: true),
                output: .currentStandardOutput,
                error: .fileDescriptor(complaints.descriptor, closeAfterSpawningProcess: false)
            ).terminationStatus
        } catch {
            _ = await complaints.passOn(0)
            throw error
        }
        return Self.verdict(status, await complaints.passOn(Self.reasonLength))
    }

    static func verdict(_ status: TerminationStatus, _ complaint: String) -> Verdict {
        if status.isSuccess { return .finish }
        let reason: String
        switch status {
        case .exited(let code):
            reason = complaint.isEmpty ? "The program ended with exit code \(code)." : complaint
            if code == deadLetterExitCode { return .deadLetter(reason) }
        case .signaled(let signal): reason = "The program was ended by signal \(signal).\(complaint.isEmpty ? "" : " \(complaint)")"
        }
        return .retry(reason)
    }

    /// What a message has beside its body; of an outer message's nothing is inherited.
    private func environment(of delivery: Delivery) -> [Environment.Key: String?] {
        var environment: [Environment.Key: String?] = [:]
        for name in ProcessInfo.processInfo.environment.keys where name.hasPrefix("DISCOVERY_MESSAGE_") {
            environment[Environment.Key(stringLiteral: name)] = .some(nil)
        }
        environment["DISCOVERY_HOME"] = home
        environment["DISCOVERY_ADDRESS"] = address.description
        environment["DISCOVERY_MESSAGE_ID"] = delivery.id.description
        environment["DISCOVERY_MESSAGE_COUNT"] = String(delivery.receiveCount)
        if let group = delivery.group { environment["DISCOVERY_MESSAGE_GROUP"] = group }
        for (name, attribute) in delivery.message.attributes {
            let key = name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
            environment[Environment.Key(stringLiteral: "DISCOVERY_MESSAGE_ATTRIBUTE_\(String(key))")] = attribute.text
        }
        return environment
    }
}
