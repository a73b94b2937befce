internal import DiscoveryKit
internal import Foundation
internal import HTTPServing
internal import Logging
internal import Registry
internal import Synchronization

/// Addresses over plain HTTP, for any language that has it:
///
/// ```
/// POST   /_discovery/request/ADDRESS                       body in, body out
/// POST   /_discovery/publish/ADDRESS                       body in, the message's id out
/// POST   /_discovery/queue/ADDRESS                         body in, the message's id out
/// GET    /_discovery/listen/ADDRESS?wait=20&visibility=30  one message, or 204
/// POST   /_discovery/listen/ADDRESS/finish/RECEIPT         also retry (?after=), dead-letter and extend (?visibility=)
/// GET    /_discovery/resolve/ADDRESS                       where it leads
/// GET    /_discovery/explain/ADDRESS                       and why
/// PUT    /_discovery/register/ADDRESS                      a location, or JSON with location, type and attributes
/// DELETE /_discovery/register/ADDRESS
/// ```
///
/// An address is percent-encoded where it has to be. Attributes of messages are headers, `discovery-attribute-NAME: String;VALUE`; options are
/// headers, too. Errors are JSON with the code, message and address of a `DiscoveryError`.
struct AddressEndpoint: Endpoint {
    /// Dispatches for callers on this machine.
    let local: Discovery
    /// Dispatches for all others: calls reach less.
    let remote: Discovery
    /// The namespace of addresses that name none.
    let namespace: String
    let drain: DrainNotice
    let rules: RegistrationRules
    /// Bounds what answers of functions take while they come.
    let calls: InFlight
    let logger: Logger

    var name: String { "address" }

    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse { JSONReply.refusal(refusal) }

    func answer(_ call: Call) async -> HTTPResponse {
        do {
            let operation = try AddressOperation(call)
            let (namespace, parts) = try place(of: operation.address)
            try call.caller.check(operation.action, namespace, parts.service, parts.instance)
            return try await perform(operation, call, call.caller.isLocal ? local : remote)
        } catch let refusal as Refusal {
            return JSONReply.refusal(refusal)
        } catch {
            let error = DiscoveryError(wrapping: error)
            if DiscoveryReply.isOurFault(error.code) { call.failed(error, at: name, logger) }
            // Names that are near may be others'.
            let mayKnow = error.code != .notFound || call.caller.mayEverywhere(.resolve)
            return DiscoveryReply.error(mayKnow ? error : DiscoveryError(.notFound, "It is not there.", address: error.address))
        }
    }

    private func place(of address: Address) throws(DiscoveryError) -> (namespace: String, parts: Address.Parts) {
        let parts = try address.parts()
        return (parts.namespace ?? namespace, parts)
    }

    private func perform(_ operation: AddressOperation, _ call: Call, _ discovery: Discovery) async throws -> HTTPResponse {
        let address = operation.address
        switch operation.verb {
        case .request: return try await request(operation, call, discovery)
        case .publish:
            let id = try await discovery.publish(address, Message(call.request), options: operation.sendOptions)
            return JSONReply.object(["id": id.description])
        case .queue:
            let id = try await discovery.queue(address, Message(call.request), options: operation.sendOptions)
            return JSONReply.object(["id": id.description])
        case .listen: return try await listen(operation, discovery)
        case .settle(let receipt, let settlement):
            try await discovery.settle(receipt, of: address, as: settlement, onlyThere: call.caller.key != nil)
            return HTTPResponse(status: 204)
        case .resolve:
            let resource = try await discovery.resolve(address)
            return JSONReply.value(ResourceReport(address, resource))
        case .explain: return JSONReply.value(try await discovery.explain(address))
        case .register: return try await register(operation, call, discovery)
        case .deregister:
            try await discovery.deregister(address, incarnation: operation.incarnation)
            return HTTPResponse(status: 204)
        }
    }

    private func request(_ operation: AddressOperation, _ call: Call, _ discovery: Discovery) async throws -> HTTPResponse {
        let options = try operation.requestOptions()
        guard operation.isForLater else {
            guard calls.begin() else {
                throw DiscoveryError(
                    .busy, "As many calls are in flight as the daemon makes at once. Nothing was sent; try again.",
                    address: operation.address,
                    retryAfter: .seconds(1))
            }
            defer { calls.end() }
            let reply = try await discovery.request(operation.address, Message(call.request), options: options)
            return HTTPResponse(
                reply.message, status: reply.status, headers: [("discovery-served-by", reply.servedBy.description)])
        }
        guard call.caller.isLocal else {
            throw DiscoveryError(
                .unsupported, "A call is put off for callers on the daemon's machine only. Call at once, or send a message to a queue.",
                address: operation.address)
        }
        let id = try await discovery.requestLater(operation.address, Message(call.request), options: options)
        var response = JSONReply.object(["id": id.description])
        response.status = 202
        return response
    }

    private func listen(_ operation: AddressOperation, _ discovery: Discovery) async throws -> HTTPResponse {
        let (waiting, visibility) = try operation.patience()
        let poll = Task { try await discovery.receive(from: operation.address, visibility: visibility, waiting: waiting) }
        let watch = Task { [drain] in
            await drain.wait()
            if drain.isDraining { poll.cancel() }
        }
        defer { watch.cancel() }
        let result = await withTaskCancellationHandler {
            await poll.result
        } onCancel: {
            poll.cancel()
        }
        let received: Discovery.HandedOver?
        switch result {
        case .success(let message): received = message
        // Ended by the drain: nothing was taken.
        case .failure(let error as DiscoveryError) where error.code == .cancelled: received = nil
        case .failure(let error): throw error
        }
        guard let received else { return HTTPResponse(status: 204) }
        if Task.isCancelled {
            // Nobody is there to take it any more.
            try await discovery.settle(received.receipt, of: operation.address, as: .retry(after: .zero, because: nil))
            return HTTPResponse(status: 204)
        }
        var headers = [
            ("discovery-message-id", received.message.id.description), ("discovery-receipt", received.receipt),
            ("discovery-receive-count", String(received.message.receiveCount)),
        ]
        if let group = received.message.group { headers.append(("discovery-group", DiscoveryReply.header(group))) }
        for (name, value) in received.message.trace { headers.append((name, value)) }
        return HTTPResponse(received.message.message, headers: headers)
    }

    private func register(_ operation: AddressOperation, _ call: Call, _ discovery: Discovery) async throws -> HTTPResponse {
        let registration = try Registration(call, operation, by: rules)
        let registered = try await discovery.register(
            operation.address, registration.resource.kind, registration.attributes, isLeased: false)
        return JSONReply.value(
            RegisteredReply(operation.address, registration.resource, replaced: registered.replaced),
            headers: [("ETag", "\"\(registered.incarnation)\"")])
    }
}

/// How many of something are under way, up to a limit.
final class InFlight: Sendable {
    private let limit: Int
    private let count = Atomic(0)

    init(limit: Int) { self.limit = limit }

    /// - Returns: whether one more may begin; then it is to be ended.
    func begin() -> Bool {
        if count.wrappingAdd(1, ordering: .relaxed).newValue <= limit { return true }
        end()
        return false
    }

    func end() { count.wrappingSubtract(1, ordering: .relaxed) }
}
