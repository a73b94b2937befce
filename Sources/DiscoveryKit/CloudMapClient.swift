internal import AWSProtocol
internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1

/// Calls Cloud Map's operations, wherever they are spoken. What may pass is tried again, within ``readLimit`` or ``changeLimit``.
struct CloudMapClient: Sendable {
    let access: CloudMapAccess
    private let client = Reach.everywhere.client
    private let keys = SigV4.SigningKeys()

    /// For one call with its retries: of what waits for a memory, and of what waits for a disk.
    private static let readLimit = Duration.seconds(10)
    private static let changeLimit = Duration.seconds(30)
    private static let attempts = 5
    private static let backoff = Backoff(first: .milliseconds(50), longest: .seconds(1))
    /// The 1,000 instances that an answer may have, with all their attributes and the escapes of JSON.
    private static let maximumReplySize = 32 << 20

    init(_ access: CloudMapAccess) { self.access = access }

    /// What a call does, and so what may be done about one whose answer was lost.
    enum Effect: Sendable {
        case reads
        /// Doing it twice is doing it once.
        case repeatable
        case once
    }

    func call<Operation: CloudMapOperation>(
        _: Operation.Type, _ input: Operation.Input, _ effect: Effect = .reads, headers: [(name: String, value: String)] = []
    ) async throws(CloudMapFailure) -> Operation.Output {
        let deadline = ContinuousClock.now + (effect == .reads ? Self.readLimit : Self.changeLimit)
        var uncertain: CloudMapFailure?
        for attempt in 1... {
            let failure: CloudMapFailure
            do throws(CloudMapFailure) {
                return try await once(Operation.self, input, headers, until: deadline)
            } catch {
                failure = effect == .reads ? error.ofReading : error.ofChanging
            }
            if failure.isUncertain, uncertain == nil { uncertain = failure }
            // Nothing was done now, but perhaps before.
            let last = effect == .reads ? failure : uncertain ?? failure
            guard failure.mayPass || failure.isRefused && attempt == 1, attempt < Self.attempts, effect != .once || !failure.isUncertain
            else { throw last }
            var generator = SystemRandomNumberGenerator()
            let pause = Self.backoff.delay(beforeRetry: attempt, using: &generator)
            guard ContinuousClock.now + pause < deadline else { throw last }
            do { try await Task.sleep(for: pause) } catch {
                throw last.isUncertain ? last : CloudMapFailure(error, at: access.url, wasSent: false)
            }
        }
        preconditionFailure("the last attempt ends the loop")
    }

    private func once<Operation: CloudMapOperation>(
        _: Operation.Type, _ input: Operation.Input, _ headers: [(name: String, value: String)], until deadline: ContinuousClock.Instant
    ) async throws(CloudMapFailure) -> Operation.Output {
        let exchange = HTTPExchange(maximumReplySize: Self.maximumReplySize)
        let answer: FunctionAnswer
        do {
            let call = try Operation.call(
                input, to: access.endpoint, region: access.region, credentials: access.credentials, at: Date(), keys: keys)
            var request = try HTTPFunctionAdapter.empty(to: call.url)
            request.headers = HTTPHeaders(call.headers + headers)
            request.body = .byteBuffer(ByteBuffer(bytes: call.body))
            answer = try await exchange.answer(to: request, by: client, until: deadline)
        } catch {
            throw CloudMapFailure(error, at: access.url, wasSent: exchange.wasSent)
        }
        do throws(AWSFault) {
            return try Operation.output(status: answer.status, body: answer.body) { answer.headers.first(name: $0) }
        } catch {
            throw CloudMapFailure(error, from: access.url)
        }
    }
}

extension CloudMapClient {
    /// How long an operation may be pending. Ours are done when they are answered, AWS's take seconds.
    static let operationLimit = Duration.seconds(60)
    private static let looks = Backoff(first: .milliseconds(40), longest: .seconds(1))

    /// Waits until an operation is done.
    ///
    /// - Throws: why it failed; `.outcomeUnknown` where that cannot be known.
    @discardableResult
    func finish(_ submitted: CloudMap.Submitted) async throws(CloudMapFailure) -> CloudMap.Operation {
        guard let id = submitted.operationID else {
            throw CloudMapFailure(AWSFault(.unreadableAnswer, "the answer names no operation"), from: access.url)
        }
        let deadline = ContinuousClock.now + Self.operationLimit
        for look in 1... {
            let operation: CloudMap.Operation
            do throws(CloudMapFailure) {
                operation = try await call(CloudMap.GetOperation.self, .init(operationID: id)).operation ?? .init()
            } catch {
                throw unknown(id, error.error)
            }
            switch operation.status {
            case .some(.success): return operation
            case .some(.fail): throw failed(operation)
            default: break
            }
            let pause = Self.looks.ceiling(ofRetry: look)
            guard ContinuousClock.now + pause < deadline else { throw unknown(id, nil) }
            do { try await Task.sleep(for: pause) } catch { throw unknown(id, DiscoveryError(wrapping: error)) }
        }
        preconditionFailure("the deadline ends the loop")
    }

    private func unknown(_ id: String, _ reason: DiscoveryError?) -> CloudMapFailure {
        let why = reason.map { " \($0.message)" } ?? " It was still pending after \(Self.operationLimit)."
        return CloudMapFailure(
            DiscoveryError(.outcomeUnknown, "What became of the operation \(id) is not known.\(why)", cause: reason), isUncertain: true)
    }

    private func failed(_ operation: CloudMap.Operation) -> CloudMapFailure {
        let code: DiscoveryError.Code =
            switch operation.errorCode {
            case "ACCESS_DENIED", "EXPIRED_TOKEN": .configuration
            case "THROTTLED_REQUEST": .busy
            default: .invalid
            }
        let reason = operation.errorMessage ?? operation.errorCode ?? "It does not say why"
        return CloudMapFailure(DiscoveryError(code, "The operation \(operation.id ?? "") failed: \(reason)."))
    }
}
