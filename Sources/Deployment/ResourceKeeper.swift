internal import CloudFormation
internal import DiscoveryKit

/// Makes, changes and removes the resources of one type in a home.
protocol ResourceKeeper: Sendable {
    /// Refuses what would take, and in the end remove, what somebody else has made.
    ///
    /// - Parameter old: what there is; `nil` when the resource is to be made.
    func check(_ wanted: Wanted, from old: Properties?) async throws

    /// Makes the resource, or finds what a deployment has made that was killed before it could say so.
    func make(_ wanted: Wanted) async throws -> Made

    /// Changes what is there, whose properties were `old`.
    func change(_ held: StackRecord.Held, from old: Properties, to wanted: Wanted) async throws -> Made

    /// Removes the resource; that it is gone already is no error.
    func remove(_ held: StackRecord.Held) async throws

    /// What the resource is to look like, by names and values that ``actual(_:)`` has as well.
    func expected(_ properties: Properties, _ held: StackRecord.Held) throws -> [String: String]

    /// What it looks like now; `nil` when it is gone.
    func actual(_ held: StackRecord.Held) async throws -> [String: String]?
}

extension ResourceKeeper {
    func check(_ wanted: Wanted, from old: Properties?) async throws {}
}

/// A resource that is to be there.
struct Wanted {
    let stack: String
    let logicalID: String
    let token: String
    let properties: Properties
    /// Whether a namespace that is there is taken as it is.
    var adopts = false

    /// The name that the template gives, or one made of the stack's, the resource's and the token.
    func name(_ property: String, limit: Int, suffix: String = "") -> String {
        if let name = properties.text(property) { return name }
        let end = "-\(token.prefix(12))\(suffix)"
        return String("\(stack)-\(logicalID)".prefix(limit - end.count)) + end
    }
}

struct Made {
    var physicalID: String
    var attributes: [String: String] = [:]
    var isAdopted = false
}

/// The properties of a resource, all of them known.
struct Properties {
    let values: [String: TemplateValue]

    init(_ values: [String: TemplateValue]) { self.values = values }
    init(json: String) { values = TemplateValue(json: json)?.members ?? [:] }

    var json: String { TemplateValue.object(values).json }

    subscript(name: String) -> TemplateValue? { values[name] }
    func text(_ name: String) -> String? { values[name]?.string }
    func integer(_ name: String) -> Int? { values[name]?.string.flatMap { Int($0) } }
    func isTrue(_ name: String) -> Bool { values[name]?.string == "true" }

    /// An object, which may be given as its JSON text.
    func object(_ name: String) -> [String: TemplateValue]? {
        guard let value = values[name] else { return nil }
        return value.members ?? value.string.flatMap { TemplateValue(json: $0)?.members }
    }

    var tags: [String: String] {
        let pairs = (values["Tags"]?.elements ?? []).compactMap { tag in
            tag.members.flatMap { members in members["Key"]?.string.map { ($0, members["Value"]?.string ?? "") } }
        }
        return Dictionary(pairs) { $1 }
    }
}

/// ARNs of what a home keeps.
enum LocalARN {
    /// Of a namespace or a service, as `namespace/ns-…`.
    static func registered(_ resource: String) -> String { "arn:aws:servicediscovery:local:000000000000:\(resource)" }

    static func queueName(_ location: String) throws -> String {
        guard let name = Resource(.queue, at: location).queueName else {
            throw DiscoveryError(.invalid, "\(location) is no queue of this home: those are `\(Resource.queue(named: "NAME").location)`.")
        }
        return name
    }

    static func topicName(_ location: String) throws -> String {
        guard let name = Resource(.topic, at: location).topicName else {
            throw DiscoveryError(.invalid, "\(location) is no topic of this home: those are `\(Resource.topic(named: "NAME").location)`.")
        }
        return name
    }
}
