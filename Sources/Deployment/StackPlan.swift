internal import CloudFormation
internal import DiscoveryKit

/// What a deployment would do: a value, worked out from what is there and what is wanted.
package struct StackPlan: Sendable {
    package enum Action: String, Sendable, Codable {
        case create, update, replace, remove
        /// It leaves the stack, and stays.
        case retain
    }

    package struct Change: Sendable, Hashable {
        package let action: Action
        package let logicalID: String
        package let type: String
        /// Empty for what is made or removed.
        package let properties: [PropertyChange]
    }

    package struct PropertyChange: Sendable, Hashable {
        package let name: String
        /// As JSON, secrets hidden; `nil` where there was none.
        package let old: String?
        package let new: String?
        /// Whether the resource is made anew for it.
        package let replaces: Bool
    }

    /// In the order that they are made; then what is removed, in the order of that.
    package let changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }

    /// - Parameter record: what is there, no deployment being under way.
    /// - Throws: for a resource that would have to be replaced by one of the same name.
    init(from record: StackRecord, to stack: ResolvedStack) throws(DiscoveryError) {
        var changes: [Change] = []
        /// Whose ids and attributes are known only when they are made.
        var unknown: Set<String> = []
        for resource in stack.resources {
            guard let held = record[resource.logicalID] else {
                unknown.insert(resource.logicalID)
                changes.append(Change(action: .create, logicalID: resource.logicalID, type: resource.type.name, properties: []))
                continue
            }
            guard held.type == resource.type.name else {
                unknown.insert(resource.logicalID)
                changes.append(Change(action: .replace, logicalID: resource.logicalID, type: resource.type.name, properties: []))
                continue
            }
            let wanted = try? resource.properties { id, attribute in
                if unknown.contains(id) { return .text(Self.later(id, attribute)) }
                return record[id]?.value(attribute)
            }
            let different = Self.differences(held, wanted, resource, stack)
            guard !different.isEmpty else { continue }
            let replaces = different.contains(where: \.replaces)
            if replaces {
                unknown.insert(resource.logicalID)
                try Self.checkName(resource, different, held)
            }
            changes.append(
                Change(
                    action: replaces ? .replace : .update, logicalID: resource.logicalID, type: resource.type.name, properties: different))
        }
        let wanted = Set(stack.resources.map(\.logicalID))
        for held in record.resources.reversed() where !wanted.contains(held.logicalID) {
            changes.append(
                Change(action: held.isRetained ? .retain : .remove, logicalID: held.logicalID, type: held.type, properties: []))
        }
        self.changes = changes
    }

    /// What stands for a value that is known after the deployment.
    static func later(_ logicalID: String, _ attribute: String?) -> String { "{\(logicalID)\(attribute.map { ".\($0)" } ?? "")}" }

    private static func differences(
        _ held: StackRecord.Held, _ wanted: [String: TemplateValue]?, _ resource: ResolvedResource, _ stack: ResolvedStack
    ) -> [PropertyChange] {
        let old = TemplateValue(json: held.properties)?.members ?? [:]
        guard let wanted else {
            // A function of what is not known yet: it may be anything.
            return [PropertyChange(name: "Properties", old: nil, new: "known after the deployment", replaces: true)]
        }
        return Set(old.keys).union(wanted.keys).sorted().compactMap { name in
            guard old[name] != wanted[name] else { return nil }
            let isSecret = held.secrets.contains(name)
            return PropertyChange(
                name: name, old: old[name].map { isSecret ? "****" : stack.conceal($0.json) },
                new: wanted[name].map { stack.conceal($0.json) },
                replaces: replaces(resource.type, name, old[name], wanted[name]))
        }
    }

    private static func replaces(_ type: ResourceType, _ name: String, _ old: TemplateValue?, _ new: TemplateValue?) -> Bool {
        // A service's namespace may stand in there.
        type.property(name)?.replaces == true
            || name == "DnsConfig" && old?.members?["NamespaceId"] != new?.members?["NamespaceId"]
    }

    /// Whether a resource with these properties is made anew to have those.
    static func replaces(_ type: ResourceType, _ old: [String: TemplateValue], _ new: [String: TemplateValue]) -> Bool {
        Set(old.keys).union(new.keys).contains { old[$0] != new[$0] && replaces(type, $0, old[$0], new[$0]) }
    }

    /// The properties by which resources are named by people.
    private static let names: Set<String> = ["QueueName", "TopicName", "Name", "InstanceId", "FunctionName"]

    private static func checkName(
        _ resource: ResolvedResource, _ changes: [PropertyChange], _ held: StackRecord.Held
    ) throws(DiscoveryError) {
        let named = Set((TemplateValue(json: held.properties)?.members ?? [:]).keys).intersection(names)
        // In another service or namespace the name is free.
        let moves = changes.contains {
            ["ServiceId", "NamespaceId", "Properties"].contains($0.name) || $0.name == "DnsConfig" && $0.replaces
        }
        guard let name = named.first, !moves, !changes.contains(where: { $0.name == name }),
            let cause = changes.first(where: \.replaces)
        else { return }
        throw DiscoveryError(
            .invalid,
            "\(resource.logicalID) has to be made anew for the change of \(cause.name), and cannot as long as its \(name) stays the same. Change that, too."
        )
    }
}
