internal import Foundation

extension Messaging {
    /// How often, and after which delays, a delivery that failed is tried again: SNS's delivery policy of a subscription.
    ///
    /// Retries come in four phases, one after the other: without a delay, with the least one, with delays that grow from the least to the
    /// greatest, and with the greatest. SNS's defaults for HTTP are three retries, 20 s apart. AWS adds jitter to the delays; these are exact.
    package struct DeliveryPolicy: Sendable, Hashable {
        /// How delays grow from the least, before the first retry of their phase, to the greatest, before its last.
        ///
        /// AWS publishes the names and a graph, without formulas. These have its shapes.
        package enum Backoff: String, Sendable, Hashable, CaseIterable {
            /// By the same amount each time.
            case linear
            /// By amounts of which each is longer than the last by the same.
            case arithmetic
            /// By the same factor each time.
            case geometric
            /// By amounts of which each is twice the last.
            case exponential
        }

        /// All retries there are, those of every phase: SNS's numRetries, 0 to 100.
        package var retries: Int
        /// Those without a delay: numNoDelayRetries.
        package var immediateRetries: Int
        /// Those after the least delay, before delays grow: numMinDelayRetries.
        package var retriesAtMinimum: Int
        /// Those after the greatest delay, when delays have grown: numMaxDelayRetries.
        package var retriesAtMaximum: Int
        /// minDelayTarget, 1 to 3,600 s.
        package var minimumDelay: Duration
        /// maxDelayTarget, `minimumDelay` to 3,600 s.
        package var maximumDelay: Duration
        package var backoff: Backoff
        /// throttlePolicy's maxReceivesPerSecond, 1 or more. Kept for SNS's sake: no delivery waits for it here.
        package var maximumReceivesPerSecond: Int?
        /// requestPolicy's headerContentType: what a POST says of its body.
        package var contentType: String?

        package init(
            retries: Int = 3, immediateRetries: Int = 0, retriesAtMinimum: Int = 0, retriesAtMaximum: Int = 0,
            minimumDelay: Duration = .seconds(20), maximumDelay: Duration = .seconds(20), backoff: Backoff = .linear,
            maximumReceivesPerSecond: Int? = nil, contentType: String? = nil
        ) {
            self.retries = retries
            self.immediateRetries = immediateRetries
            self.retriesAtMinimum = retriesAtMinimum
            self.retriesAtMaximum = retriesAtMaximum
            self.minimumDelay = minimumDelay
            self.maximumDelay = maximumDelay
            self.backoff = backoff
            self.maximumReceivesPerSecond = maximumReceivesPerSecond
            self.contentType = contentType
        }

        /// The policy of functions, which nobody configures. SNS's for Lambda begins like this and ends with 100,000 retries 20 s apart, over 23
        /// days: longer than any queue keeps a message. Ours ends within the hour, which is what SNS allows an HTTP endpoint: a function that
        /// is being replaced is back by then, and one that is broken has its messages in the dead-letter queue on the same day.
        package static let functions = DeliveryPolicy(
            retries: 180, immediateRetries: 3, retriesAtMinimum: 2, retriesAtMaximum: 165, minimumDelay: .seconds(1),
            maximumDelay: .seconds(20), backoff: .exponential)

        /// How long to wait after so many failures in a row, from 1, before the delivery is tried again; `nil`: give up.
        package func delay(afterFailures failures: Int) -> Duration? {
            let retry = max(failures, 1)
            guard retry <= retries else { return nil }
            if retry <= immediateRetries { return .zero }
            if retry <= immediateRetries + retriesAtMinimum { return minimumDelay }
            if retry > retries - retriesAtMaximum { return maximumDelay }
            return grown(step: retry - immediateRetries - retriesAtMinimum - 1, of: growingRetries)
        }

        /// From the first failure to the last retry, the time that deliveries take not counted.
        package var span: Duration { (1...max(retries, 1)).reduce(.zero) { $0 + (delay(afterFailures: $1) ?? .zero) } }

        private var growingRetries: Int { retries - immediateRetries - retriesAtMinimum - retriesAtMaximum }

        /// - Parameter step: from 0.
        private func grown(step: Int, of steps: Int) -> Duration {
            guard step > 0 else { return minimumDelay }
            guard step < steps - 1 else { return maximumDelay }
            let (least, most) = (Double(minimumDelay.milliseconds), Double(maximumDelay.milliseconds))
            let (step, last) = (Double(step), Double(steps - 1))
            let milliseconds =
                switch backoff {
                case .linear: least + (most - least) * step / last
                case .arithmetic: least + (most - least) * step * (step + 1) / (last * (last + 1))
                case .geometric: least * pow(most / least, step / last)
                case .exponential: least + (most - least) * (exp2(step) - 1) / (exp2(last) - 1)
                }
            return .milliseconds(Int64(milliseconds.rounded()))
        }
    }
}
