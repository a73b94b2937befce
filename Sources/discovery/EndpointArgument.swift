import ArgumentParser
import DiscoveryKit
import Messaging

/// Who subscribes, as an argument: a queue, a URL, or what leads to a queue or a function.
enum EndpointArgument {
    static let help = ArgumentHelp(
        "A queue's name, an http or https URL, or an address or ARN of a queue or a function. What has no dot but that of `.fifo` is a queue.",
        valueName: "queue|url|address|arn")

    /// The endpoint that is meant.
    ///
    /// - Parameter namespace: of addresses that name none. A subscription keeps it, since who delivers may have another.
    /// - Throws: `.notFound` for what leads to nothing; `.wrongKind` for what is neither queue nor function; `.unsupported` for a queue that
    ///   is not in this home.
    static func endpoint(
        _ text: String, in discovery: Discovery, namespace: String
    ) async throws(DiscoveryError) -> Messaging.Subscription.Endpoint {
        if Messaging.isQueueName(text) { return .queue(text) }
        let start = text.prefix(8).lowercased()
        if start.hasPrefix("http://") || start.hasPrefix("https://") { return .http(text) }
        if text.hasPrefix("arn:") { return try await endpoint(at: text, in: discovery) }
        let given = try Address(parsing: text)
        let address = Address(
            namespace: given.namespace ?? namespace, service: given.service, filters: given.filters, instance: given.instance)
        let resource: Resource
        do throws(DiscoveryError) { resource = try await discovery.resolve(address) } catch {
            guard error.code == .notFound else { throw error }
            throw DiscoveryError(.notFound, "The endpoint \(address) leads to nothing. \(error.message)", address: address)
        }
        switch resource.kind {
        case .queue: return .queue(try await discovery.queueName(address.description))
        case .function: return .function(address.description)
        default: throw refusal("\(address) is a \(resource.kind)")
        }
    }

    private static func endpoint(at arn: String, in discovery: Discovery) async throws(DiscoveryError) -> Messaging.Subscription.Endpoint {
        guard let resource = try? Resource.resource(from: ["arn": arn]).resource else {
            throw refusal("`\(Output.excerpt(arn))` is neither")
        }
        switch resource.kind {
        case .queue:
            guard let name = resource.queueName else {
                throw DiscoveryError(
                    .unsupported,
                    "`\(Output.excerpt(arn))` is no queue of this home: those are at `\(Resource.queue(named: "NAME").location)`.")
            }
            return .queue(name)
        case .function: return .function(try await address(ofFunctionAt: arn, in: discovery).description)
        default: throw refusal("`\(Output.excerpt(arn))` is a \(resource.kind)")
        }
    }

    /// The address that a function is registered under, by which it is called.
    private static func address(ofFunctionAt arn: String, in discovery: Discovery) async throws(DiscoveryError) -> Address {
        var addresses: [Address] = []
        for row in try await discovery.services() {
            let service = try Address(parsing: row.service)
            for instance in try await discovery.instances(of: service)
            where instance.location == arn && instance.kind == Resource.Kind.function.description {
                addresses.append(Address(namespace: service.namespace, service: service.service, instance: .id(instance.instance)))
            }
        }
        let shown = Output.excerpt(arn, length: 200)
        guard let first = addresses.first else {
            throw DiscoveryError(
                .notFound,
                "The endpoint leads to nothing: no function is registered at `\(shown)`. Register it first: discovery register --help")
        }
        guard addresses.count == 1 else {
            let names = addresses.prefix(5).map(\.description).joined(separator: ", ") + (addresses.count > 5 ? ", …" : "")
            throw DiscoveryError(.ambiguous, "Several functions are registered at `\(shown)`: \(names). Name one of these addresses.")
        }
        return first
    }

    private static func refusal(_ what: String) -> DiscoveryError {
        DiscoveryError(.wrongKind, "\(what), and subscribers are queues, functions and URLs. Name one of those.")
    }
}
