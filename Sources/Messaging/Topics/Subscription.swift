package import Store

extension Messaging {
    /// A subscription's id, in text a UUID.
    package struct SubscriptionID: Sendable, Hashable, CustomStringConvertible {
        let id: MessageID

        init(salt: UInt64, number: Int64) { id = MessageID(salt: salt, number: number) }

        /// `nil` when the text is no such id.
        package init?(parsing text: some StringProtocol) {
            guard let id = MessageID(parsing: text) else { return nil }
            self.id = id
        }

        package var description: String { id.description }
    }

    /// Somebody who gets what is published to a topic.
    package struct Subscription: Sendable, Hashable {
        package enum Endpoint: Sendable, Hashable {
            /// A queue of this home, by name.
            case queue(String)
            /// An http or https URL.
            case http(String)
            /// A function's ARN, or an address that names it.
            case function(String)
            /// A closure in a process: gone when that is.
            case process(Lease)
            /// What an address leads to, called with messages that came by no topic: see ``Messaging/putOff(_:to:)``.
            case call(String)

            /// How it is written. `nil` of a process: each of its subscriptions is one of its own.
            package var name: String? {
                switch self {
                case .queue(let name), .http(let name), .function(let name), .call(let name): name
                case .process: nil
                }
            }

            /// SNS's name of the protocol; `process` and `call` have none there.
            package var protocolName: String {
                switch self {
                case .queue: "sqs"
                case .http(let url): url.lowercased().hasPrefix("https:") ? "https" : "http"
                case .function: "lambda"
                case .process: "process"
                case .call: SubscriptionRow.call
                }
            }
        }

        package let id: SubscriptionID
        /// Empty where there is none.
        package let topic: String
        package let endpoint: Endpoint
        package let configuration: SubscriptionConfiguration
        /// Nothing is delivered until the endpoint has confirmed.
        package let isPending: Bool
        package let created: HomeTime
        /// Where its messages wait: the queue that subscribes, or a queue of its own with a hidden name.
        package let queue: String
    }

    package struct SubscriptionConfiguration: Sendable, Hashable {
        /// Which messages it gets; all when `nil`.
        package var filter: FilterPolicy?
        /// Messages come as they were published, and not in an envelope that names the topic.
        package var isRaw: Bool
        /// Where messages go that cannot be delivered. Without one they are dropped.
        package var deadLetterQueue: String?
        /// How often the courier tries; SNS's defaults when `nil`.
        package var delivery: DeliveryPolicy?

        package init(
            filter: FilterPolicy? = nil, isRaw: Bool = false, deadLetterQueue: String? = nil, delivery: DeliveryPolicy? = nil
        ) {
            self.filter = filter
            self.isRaw = isRaw
            self.deadLetterQueue = deadLetterQueue
            self.delivery = delivery
        }
    }

    /// Whether an endpoint is to prove that it wants to be one.
    package enum Confirmation: Sendable, Hashable {
        /// Who asks may speak for the endpoint.
        case waived
        /// With the token that is sent there, within two days.
        case required(token: String)
    }
}

extension Messaging {
    /// The queue of a subscription whose messages are delivered from it: no name that a user can give.
    static func deliveryQueue(of subscription: Int64, isFIFO: Bool) -> String { "~\(subscription)\(isFIFO ? ".fifo" : "")" }

    /// Before all names that sort after those of users' queues.
    static let hidden = "~"

    /// Rings when there is something for the courier.
    package static let courierBell = Bell(for: "courier")

    /// The attribute of the message by which an endpoint is asked to confirm: its token.
    package static let confirmationToken = "AWS.SNS.ConfirmationToken"
}
