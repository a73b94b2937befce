package import CloudFormation
package import DiscoveryKit
internal import Foundation
internal import Registry
internal import Store

/// Takes a home from what it is to what a template says.
///
/// What is done is written down step by step, in the home: a deployment that fails is undone at once, and one that is killed, at whatever
/// point, by the next that comes. Nothing that was there before is removed until all is made. One deployment runs at a time in a home; the
/// next waits.
package struct Deployment: Sendable {
    let discovery: Discovery

    package init(_ discovery: Discovery) { self.discovery = discovery }

    /// A template with what it is deployed with.
    package struct Request: Sendable {
        package var stack: String
        package var template: Template
        package var parameters: [String: String]
        /// Whether resources of types that are not here are left out instead of refused.
        package var skipsUnsupported: Bool
        /// Whether namespaces that are there are taken as they are: a Serverless file names them, and does not own them.
        package var adoptsNamespaces: Bool

        package init(
            stack: String, template: Template, parameters: [String: String] = [:], skipsUnsupported: Bool = false,
            adoptsNamespaces: Bool = false
        ) {
            self.stack = stack
            self.template = template
            self.parameters = parameters
            self.skipsUnsupported = skipsUnsupported
            self.adoptsNamespaces = adoptsNamespaces
        }
    }

    /// A step, told when it is begun and when it is done.
    package struct Progress: Sendable {
        package let action: StackPlan.Action
        package let logicalID: String
        package let type: String
        package let isDone: Bool
        /// Whether it undoes what a deployment that failed has done.
        package let isUndoing: Bool
    }

    package typealias Report = @Sendable (Progress) -> Void

    /// What became of a deployment.
    package struct Outcome: Sendable {
        package let record: StackRecord
        package let plan: StackPlan
        package let skipped: [ResolvedStack.Skipped]
        /// What could not be removed and why: the next deployment tries again.
        package let leftovers: [String]
    }

    // MARK: Looking

    /// What a deployment would do now.
    package func plan(_ request: Request) async throws -> (plan: StackPlan, skipped: [ResolvedStack.Skipped]) {
        try Self.check(name: request.stack)
        let stack = try await evaluated(request)
        var record = try await record(request.stack) ?? StackRecord(name: request.stack)
        // One that was killed is undone first.
        if let before = record.before { record.resources = before }
        record = try await present(record)
        try await discovery.withRegistry { try await $0.checkExports(stack.outputs.compactMap(\.exportName), of: request.stack) }
        return (try StackPlan(from: record, to: stack), stack.skipped)
    }

    /// A record without what is gone, removed by hand: that is made again.
    func present(_ record: StackRecord) async throws -> StackRecord {
        var record = record
        for held in record.resources where held.state == .complete {
            if try await keeper(of: held.type).actual(held) == nil { record[held.logicalID] = nil }
        }
        return record
    }

    /// All stacks of the home, by name.
    package func stacks() async throws -> [StackRecord] {
        try await discovery.withRegistry { try await $0.stacks() }.compactMap { StackRecord($0.record) }
    }

    /// What of a stack is not as it was deployed.
    package struct Drift: Sendable, Encodable {
        package let logicalID: String
        package let type: String
        package let isGone: Bool
        package let differences: [Difference]

        package struct Difference: Sendable, Encodable {
            package let name: String
            package let expected: String?
            package let actual: String?
        }
    }

    /// - Returns: the resources that differ, and how many were looked at.
    /// - Throws: `.notFound` when there is no such stack.
    package func drift(_ name: String) async throws -> (drifts: [Drift], examined: Int) {
        guard let record = try await record(name) else { throw Self.unknown(name) }
        guard record.status == .complete else {
            throw DiscoveryError(
                .invalid, "The stack \(name) is \(record.status.rawValue): its deployment was interrupted. Deploy or destroy it first.")
        }
        var drifts: [Drift] = []
        for held in record.resources where held.state == .complete {
            let keeper = try keeper(of: held.type)
            let expected = try keeper.expected(Properties(json: held.properties), held)
            guard let actual = try await keeper.actual(held) else {
                drifts.append(Drift(logicalID: held.logicalID, type: held.type, isGone: true, differences: []))
                continue
            }
            let differences = Set(expected.keys).union(actual.keys).sorted().filter { expected[$0] != actual[$0] }.map {
                let isSecret = held.secrets.contains($0) || held.secrets.contains("InstanceAttributes")
                return Drift.Difference(
                    name: $0, expected: expected[$0].map { isSecret ? "****" : $0 }, actual: actual[$0].map { isSecret ? "****" : $0 })
            }
            if !differences.isEmpty {
                drifts.append(Drift(logicalID: held.logicalID, type: held.type, isGone: false, differences: differences))
            }
        }
        return (drifts, record.resources.count)
    }

    // MARK: What all need

    func record(_ name: String) async throws -> StackRecord? {
        guard let text = try await discovery.withRegistry({ try await $0.stack(name) }) else { return nil }
        guard let record = StackRecord(text) else {
            throw DiscoveryError(.invalid, "The record of the stack \(name) was written by another version of this program. Use that one.")
        }
        return record
    }

    func put(_ record: StackRecord) async throws {
        try await discovery.withRegistry { try await $0.putStack(record.name, record: record.text) }
    }

    func evaluated(_ request: Request) async throws -> ResolvedStack {
        let exports = try await discovery.withRegistry { try await $0.exports() }
        // A stack does not import from itself.
        let imports = Dictionary(exports.filter { $0.stack != request.stack }.map { ($0.name, $0.value) }) { $1 }
        return try request.template.evaluate(
            .init(
                parameters: request.parameters, stackName: request.stack, imports: imports, skipsUnsupported: request.skipsUnsupported))
    }

    func keeper(of type: String) throws -> any ResourceKeeper {
        switch type {
        case "AWS::ServiceDiscovery::HttpNamespace": NamespaceKeeper(discovery: discovery, kind: .http)
        case "AWS::ServiceDiscovery::PrivateDnsNamespace": NamespaceKeeper(discovery: discovery, kind: .privateDNS)
        case "AWS::ServiceDiscovery::PublicDnsNamespace": NamespaceKeeper(discovery: discovery, kind: .publicDNS)
        case "AWS::ServiceDiscovery::Service": ServiceKeeper(discovery: discovery)
        case "AWS::ServiceDiscovery::Instance": InstanceKeeper(discovery: discovery)
        case "AWS::SQS::Queue": QueueKeeper(discovery: discovery)
        case "AWS::SNS::Topic": TopicKeeper(discovery: discovery)
        case "AWS::SNS::Subscription": SubscriptionKeeper(discovery: discovery)
        case "AWS::Lambda::Function": NotedKeeper(isFunction: true)
        case "AWS::SQS::QueuePolicy", "AWS::SQS::QueueInlinePolicy", "AWS::SNS::TopicPolicy", "AWS::SNS::TopicInlinePolicy":
            NotedKeeper(isFunction: false)
        default: throw DiscoveryError(.invalid, "Nobody here makes resources of the type \(type).")
        }
    }

    static func unknown(_ name: String) -> DiscoveryError {
        DiscoveryError(.notFound, "There is no stack \(name). `discovery stacks` lists those there are.")
    }

    /// CloudFormation's rule: a letter, then letters, digits and hyphens, 128 at most.
    static func check(name: String) throws(DiscoveryError) {
        guard (1...128).contains(name.utf8.count), name.first?.isLetter == true,
            name.unicodeScalars.allSatisfy({ $0.isASCII && ($0.properties.isAlphabetic || $0 == "-" || ("0"..."9").contains($0)) })
        else {
            throw DiscoveryError(
                .invalid, "A stack's name begins with a letter and has letters, digits and hyphens, 128 at most; `\(name)` has not.")
        }
    }
}
