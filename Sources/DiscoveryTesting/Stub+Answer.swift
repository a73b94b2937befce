public import DiscoveryKit

extension Stub {
    /// What calls to one address are answered with.
    public struct Answer: Sendable {
        enum Step: Sendable {
            case result(Result<Message, DiscoveryError>)
            case handler(@concurrent @Sendable (Request) async throws -> Message)
        }

        let steps: [Step]
        /// Whether each step is for one call.
        let isSpent: Bool
        /// What the address is of.
        let role: Role

        enum Role: Sendable {
            case function
            /// With what is in it at first.
            case queue([Result<Message, DiscoveryError>])
            case topic(Topic)
        }

        struct Topic: Sendable {
            /// What publishing throws, if it does.
            let failure: DiscoveryError?
        }

        private init(_ step: Step) {
            steps = [step]
            isSpent = false
            role = .function
        }

        private init(inTurn steps: [Step]) {
            self.steps = steps
            isSpent = true
            role = .function
        }

        private init(_ role: Role) {
            steps = []
            isSpent = false
            self.role = role
        }

        /// A value as JSON. One that cannot be encoded makes each call throw `.coding`.
        public static func json(_ value: some Encodable) -> Answer {
            do throws(DiscoveryError) { return message(try .json(value)) } catch { return failure(error) }
        }

        /// A message as it is.
        public static func message(_ message: Message) -> Answer {
            Answer(.result(.success(message)))
        }

        /// The call throws an error with this code.
        public static func failure(_ code: DiscoveryError.Code, _ message: String = "The test wants this call to fail.") -> Answer {
            failure(DiscoveryError(code, message))
        }

        /// The call throws this error, with its address where it has none.
        public static func failure(_ error: DiscoveryError) -> Answer {
            Answer(.result(.failure(error)))
        }

        /// What a closure makes of each call: it is given the body, read as JSON, and its answer is sent as JSON.
        ///
        /// A `DiscoveryError` that it throws is what the caller is thrown; any other becomes `.functionFailed`, with the error's type and text,
        /// as from a function that is served.
        public static func answers<Body: Decodable & Sendable, Value: Encodable & Sendable>(
            _ handler: @escaping @concurrent @Sendable (Body) async throws -> Value
        ) -> Answer {
            answers { (request: Request) in try Message.json(try await handler(try request.decode())) }
        }

        /// What a closure over raw requests makes of each call. It throws as the typed form.
        public static func answers(_ handler: @escaping @concurrent @Sendable (Request) async throws -> Message) -> Answer {
            Answer(.handler(handler))
        }

        /// One answer for each call. A call too many throws `.unexpected`: a test that forgot one should hear of it, and not be answered as
        /// before.
        public static func inTurn(_ answers: Answer...) -> Answer {
            Answer(inTurn: answers.flatMap(\.steps))
        }

        /// A queue with these messages in it, which listeners are given in turn and each once; then those that are put into it. See
        /// ``Stub/queued`` and ``Stub/settled``.
        public static func queue(delivering messages: Message...) -> Answer {
            Answer(.queue(messages.map { .success($0) }))
        }

        /// A queue with these values in it, as JSON. One that cannot be encoded makes receiving throw `.coding`.
        public static func queue<Value: Encodable>(json values: Value...) -> Answer {
            Answer(
                .queue(
                    values.map { value in
                        do throws(DiscoveryError) { return .success(try .json(value)) } catch { return .failure(error) }
                    }))
        }

        /// A topic, without subscribers at first. See ``Stub/published`` and ``Stub/subscriptions``.
        public static var topic: Answer { Answer(.topic(Topic(failure: nil))) }

        /// A topic to which publishing throws an error with this code, each time it is tried: `.unreachable` and `.busy` are tried again, as
        /// ever.
        public static func topic(failing code: DiscoveryError.Code, _ message: String = "The test wants publishing to fail.") -> Answer {
            Answer(.topic(Topic(failure: DiscoveryError(code, message))))
        }
    }
}

extension Stub.Answer.Step {
    func message(for request: Request) async throws(DiscoveryError) -> Message {
        switch self {
        case .result(let result): return try result.get()
        case .handler(let handler):
            do {
                return try await handler(request)
            } catch let error as DiscoveryError {
                throw error
            } catch is CancellationError {
                throw DiscoveryError(.cancelled, "The calling task was cancelled.")
            } catch {
                let type = String(describing: Swift.type(of: error))
                let message = String(describing: error)
                throw DiscoveryError(
                    .functionFailed, "The function \(request.address) failed with status 500: \(type): \(message)", cause: error,
                    functionError: .init(type: type, message: message, status: 500))
            }
        }
    }
}

extension Stub.Answer {
    /// What a queue has in it at first; `nil` for what is none.
    var messages: [Result<Message, DiscoveryError>]? {
        if case .queue(let messages) = role { messages } else { nil }
    }

    /// `nil` for what is none.
    var topic: Topic? {
        if case .topic(let topic) = role { topic } else { nil }
    }
}
