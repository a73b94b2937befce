internal import AWSProtocol
internal import DiscoveryKit
internal import Foundation
internal import HTTPServing
internal import Logging
internal import Registry
internal import Store

/// AWS Cloud Map, as every AWS SDK speaks it: JSON 1.1, told by `X-Amz-Target`. The rules are ``Registry``'s.
struct CloudMapEndpoint: Endpoint {
    let registry: Registry
    let keeper: Keeper
    let fidelity: Registry.Fidelity
    let discoveries: Discoveries
    let limits: RequestLimits?
    /// Of what is asked without a signature.
    let region: String
    let rules: RegistrationRules
    let logger: Logger

    /// Bytes of a request: more than any that keeps the rules has, and little enough to be read whole.
    private static let longestBody = 256 << 10

    static let target = CloudMap.service.targetPrefix + "."

    var name: String { "cloudmap" }

    init(
        _ registry: Registry, _ keeper: Keeper, fidelity: Registry.Fidelity, region: String, rules: RegistrationRules, logger: Logger
    ) {
        self.registry = registry
        self.keeper = keeper
        self.fidelity = fidelity
        self.region = region
        self.rules = rules
        self.logger = logger
        discoveries = Discoveries(registry)
        limits = fidelity.quotas.map { RequestLimits($0, registry.store.home) }
    }

    func answerAtOnce(_ call: Call) -> HTTPResponse? {
        guard limits == nil, call.request.headers["x-amz-target"] == CloudMap.DiscoverInstances.target,
            let answer = answerAtOnce(call.request.body, to: call.caller)
        else { return nil }
        return Self.success(answer)
    }

    /// What was discovered before, for those who may.
    func answerAtOnce(_ body: [UInt8], to caller: Caller) -> [UInt8]? {
        discoveries.answerAtOnce(body) { namespace, service in caller.allows(.resolve, namespace, service) }
    }

    func answer(_ call: Call) async -> HTTPResponse {
        let asked = CloudMap.service.operation(ofTarget: call.request.headers["x-amz-target"] ?? "") ?? ""
        do {
            guard call.request.method == "POST" else { throw AWSFault(.unknownOperation, "Operations are called with POST.") }
            guard call.request.body.count <= Self.longestBody else {
                throw AWSFault(.invalidInput, "A request has at most \(Self.longestBody) bytes.")
            }
            guard let operation = Self.operations[asked] else {
                throw AWSFault(.unknownOperation, "Cloud Map has no operation \(asked.prefix(64)).")
            }
            return Self.success(try await operation(CloudMapCall(endpoint: self, call: call), call.request.body))
        } catch {
            let fault = fault(error, call)
            if fault.status >= 500 { call.failed(error, at: name, logger) }
            return Self.failure(fault)
        }
    }

    func refusal(_ refusal: Refusal, of call: Call) -> HTTPResponse { Self.failure(refusal.fault) }

    private static func success(_ body: [UInt8]) -> HTTPResponse {
        HTTPResponse(headers: [("Content-Type", CloudMap.service.version.contentType)], body: body)
    }

    private static func failure(_ fault: AWSFault) -> HTTPResponse {
        HTTPResponse(status: fault.status, headers: [("Content-Type", CloudMap.service.version.contentType)], body: fault.json)
    }

    /// As Cloud Map spells what went wrong.
    private func fault(_ error: any Error, _ call: Call) -> AWSFault {
        switch error {
        case let fault as AWSFault: fault
        case let error as RegistryError: fault(error, call)
        case let refusal as Refusal: refusal.fault
        case let error as DiscoveryError: AWSFault(.invalidInput, error.message)
        case let error as StoreError:
            switch error.code {
            case .busy: AWSFault(.throttling, error.message)
            case .cancelled, .closed, .full: AWSFault(.serviceUnavailable, error.message)
            case .unusable, .damaged, .statement, .outcomeUnknown: AWSFault(.internalFailure, error.message)
            }
        case is CancellationError: AWSFault(.serviceUnavailable, "The request was cancelled. Try again.")
        default: AWSFault(.internalFailure, "The daemon failed. Its log says more, under the request's id.")
        }
    }

    private func fault(_ error: RegistryError, _ call: Call) -> AWSFault {
        let code: AWSFault.Code
        // Names that are near may be others'.
        let mayKnow = call.caller.mayEverywhere(.resolve)
        switch error.code {
        case .namespaceNotFound: return AWSFault(.namespaceNotFound, mayKnow ? error.message : "There is no such namespace.")
        case .serviceNotFound: return AWSFault(.serviceNotFound, mayKnow ? error.message : "There is no such service.")
        case .instanceNotFound: return AWSFault(.instanceNotFound, mayKnow ? error.message : "There is no such instance.")
        case .namespaceAlreadyExists:
            return .namespaceAlreadyExists(error.message, namespaceID: error.existingID, creatorRequestID: error.creatorRequestID)
        case .serviceAlreadyExists:
            let arn = error.existingID.map { CloudMapCall(endpoint: self, call: call).arn("service", $0) }
            return .serviceAlreadyExists(
                error.message, serviceID: error.existingID, serviceARN: arn, creatorRequestID: error.creatorRequestID)
        case .resourceInUse: code = .resourceInUse
        case .invalidInput: code = .invalidInput
        case .customHealthNotFound: code = .customHealthNotFound
        case .duplicateRequest: return .duplicateRequest(error.message, operationID: error.existingID)
        case .resourceLimitExceeded: code = .resourceLimitExceeded
        case .requestLimitExceeded: code = .requestLimitExceeded
        case .operationNotFound: code = .operationNotFound
        case .resourceNotFound: code = .resourceNotFound
        case .tooManyTags: return .tooManyTags(error.message, resourceName: nil)
        case .serviceAttributesLimitExceeded: code = .serviceAttributesLimitExceeded
        }
        return AWSFault(code, error.message)
    }

    // MARK: Operations

    typealias Operation = @Sendable (CloudMapCall, _ body: [UInt8]) async throws -> [UInt8]

    /// By their names on the wire.
    private static let operations: [String: Operation] = Dictionary(
        namespaceOperations + serviceOperations + instanceOperations + recordOperations, uniquingKeysWith: { first, _ in first })

    /// An operation and what it does: what is between bytes and shapes is the same for all.
    static func operation<Op: CloudMapOperation>(
        _ type: Op.Type, _ perform: @escaping @Sendable (CloudMapCall, Op.Input) async throws -> Op.Output
    ) -> (String, Operation) {
        (Op.name, { call, body in try Op.body(of: try await perform(call, try Op.input(from: body))) })
    }
}

/// One call of an operation: what it works on, and for whom.
struct CloudMapCall: Sendable {
    let endpoint: CloudMapEndpoint
    let call: Call

    var registry: Registry { endpoint.registry }
    var account: String { call.account }

    func arn(_ kind: String, _ id: String) -> String {
        "arn:aws:servicediscovery:\(call.region ?? endpoint.region):\(account):\(kind)/\(id)"
    }

    /// Accepts a change, and answers with its operation.
    func submit(_ change: Registry.Change, requestID: String? = nil) async throws -> CloudMap.Submitted {
        CloudMap.Submitted(operationID: try await registry.submit(change, requestID: requestID, fidelity: endpoint.fidelity))
    }

    /// Nobody shares namespaces with other accounts here: whose one is need not be said, and makes no difference.
    ///
    /// - Throws: `InvalidInput` for what is no account.
    func checkOwner(_ account: String?) throws(AWSFault) {
        guard let account, account.utf8.count != 12 else { return }
        throw AWSFault(.invalidInput, "OwnerAccount is the 12 digits of an AWS account.")
    }

    // MARK: Access

    /// - Throws: `Refusal`; what keeps the service from being found.
    func check(_ action: AccessRule.Action, service id: String, instance: Address.Instance = .only) async throws {
        guard call.caller.key != nil else { return }
        let service = try await registry.service(id)
        try call.caller.check(action, service.namespace, service.name, instance)
    }

    /// - Throws: `Refusal`; what keeps the namespace from being found.
    func check(_ action: AccessRule.Action, namespace id: String) async throws {
        guard call.caller.key != nil else { return }
        try call.caller.check(action, try await registry.namespace(id).httpName, "")
    }

    /// Of what is about nothing in particular.
    func check(_ action: AccessRule.Action) throws(Refusal) { try call.caller.check(action, "", "") }
}
