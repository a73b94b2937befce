import Testing

@testable import Messaging

/// SNS's delivery policy: which delay comes after which failure, and what may be written.
struct DeliveryPolicyTests {
    private typealias Policy = Messaging.DeliveryPolicy

    /// The delays of a policy, to the millisecond, up to where it gives up.
    private func delays(_ policy: Messaging.DeliveryPolicy) -> [Int64] {
        var delays: [Int64] = []
        while let delay = policy.delay(afterFailures: delays.count + 1) { delays.append(delay.milliseconds) }
        return delays
    }

    @Test func `by default there are three retries, twenty seconds apart`() {
        #expect(delays(Policy()) == [20_000, 20_000, 20_000])
        #expect(Policy().span == .seconds(60))
    }

    @Test(arguments: [
        // The example of AWS's guide: 3 at once, 2 a second apart, 10 from a second to a minute, 35 a minute apart.
        (
            #"{"minDelayTarget":1,"maxDelayTarget":60,"numRetries":50,"numNoDelayRetries":3,"numMinDelayRetries":2,"numMaxDelayRetries":35,"backoffFunction":"exponential"}"#,
            [0, 0, 0, 1_000, 1_000, 1_000, 1_115, 1_346, 1_808, 2_732, 4_579, 8_274, 15_663, 30_442, 60_000]
                + [Int64](repeating: 60_000, count: 35)
        ),
        // That of its graph: ten retries from 5 s to 260 s.
        (
            #"{"minDelayTarget":5,"maxDelayTarget":260,"numRetries":10,"backoffFunction":"linear"}"#,
            [5_000, 33_333, 61_667, 90_000, 118_333, 146_667, 175_000, 203_333, 231_667, 260_000]
        ),
        (
            #"{"minDelayTarget":5,"maxDelayTarget":260,"numRetries":10,"backoffFunction":"arithmetic"}"#,
            [5_000, 10_667, 22_000, 39_000, 61_667, 90_000, 124_000, 163_667, 209_000, 260_000]
        ),
        (
            #"{"minDelayTarget":5,"maxDelayTarget":260,"numRetries":10,"backoffFunction":"geometric"}"#,
            [5_000, 7_756, 12_031, 18_663, 28_949, 44_906, 69_658, 108_054, 167_612, 260_000]
        ),
        (
            #"{"minDelayTarget":5,"maxDelayTarget":260,"numRetries":10,"backoffFunction":"exponential"}"#,
            [5_000, 5_499, 6_497, 8_493, 12_485, 20_470, 36_438, 68_376, 132_250, 260_000]
        ),
        (#"{"numRetries":0}"#, []),
        (#"{"numRetries":2,"numNoDelayRetries":2}"#, [0, 0]),
        (#"{"numRetries":2,"numMinDelayRetries":2,"minDelayTarget":7}"#, [7_000, 7_000]),
        (#"{"numRetries":2,"numMaxDelayRetries":2,"maxDelayTarget":30}"#, [30_000, 30_000]),
        // One retry that grows starts where growing starts; two are the two ends.
        (#"{"numRetries":1,"minDelayTarget":2,"maxDelayTarget":9,"backoffFunction":"exponential"}"#, [2_000]),
        (#"{"numRetries":2,"minDelayTarget":2,"maxDelayTarget":9,"backoffFunction":"geometric"}"#, [2_000, 9_000]),
        (
            #"{"numRetries":4,"numNoDelayRetries":1,"numMinDelayRetries":1,"numMaxDelayRetries":1,"minDelayTarget":2,"maxDelayTarget":9}"#,
            [0, 2_000, 2_000, 9_000]
        ),
        (#"{"numRetries":100,"minDelayTarget":36,"maxDelayTarget":36}"#, [Int64](repeating: 36_000, count: 100)),
        (#"{"numRetries":1,"maxDelayTarget":3600,"minDelayTarget":3600}"#, [3_600_000]),
    ])
    func `delays follow the phases`(json: String, expected: [Int64]) throws {
        let policy = try Policy(json: json)
        #expect(delays(policy) == expected)
        #expect(policy.span.milliseconds == expected.reduce(0, +))
        #expect(policy.delay(afterFailures: expected.count + 1) == nil)
        #expect(policy.delay(afterFailures: .max) == nil)
        // Before anything has failed nobody asks; the answer is that of the first failure.
        #expect(policy.delay(afterFailures: 0) == policy.delay(afterFailures: 1))
        #expect(policy.delay(afterFailures: .min) == policy.delay(afterFailures: 1))
    }

    @Test(arguments: Messaging.DeliveryPolicy.Backoff.allCases)
    func `growing delays never shrink, and reach both ends`(backoff: Messaging.DeliveryPolicy.Backoff) {
        for steps in 2...100 {
            let policy = Policy(retries: steps, minimumDelay: .seconds(1), maximumDelay: .seconds(3_600), backoff: backoff)
            let delays = delays(policy)
            #expect(delays.count == steps && delays.first == 1_000 && delays.last == 3_600_000)
            #expect(zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 }, "\(delays)")
        }
    }

    @Test func `functions are tried again at once, soon, and then for the better part of an hour`() {
        let delays = delays(.functions)
        #expect(delays.count == 180)
        #expect(delays.prefix(6) == [0, 0, 0, 1_000, 1_000, 1_000])
        #expect(delays[14] == 20_000 && delays.suffix(165).allSatisfy { $0 == 20_000 })
        #expect(Policy.functions.span > .seconds(3_000) && Policy.functions.span <= Policy.longestSpan)
    }

    @Test func `a whole document is read, and what SNS itself adds to one`() throws {
        let policy = try Policy(
            json: """
                {"healthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "backoffFunction": "GEOMETRIC"}, "sicklyRetryPolicy": null,
                 "throttlePolicy": {"maxReceivesPerSecond": 10}, "requestPolicy": {"headerContentType": "application/json"},
                 "guaranteed": false}
                """)
        #expect(
            policy
                == Policy(
                    retries: 5, minimumDelay: .seconds(1), backoff: .geometric, maximumReceivesPerSecond: 10,
                    contentType: "application/json"))
    }

    @Test(arguments: [
        "{}", #"{"healthyRetryPolicy":null,"throttlePolicy":null,"requestPolicy":null}"#, #"{"healthyRetryPolicy":{}}"#,
        #"{"throttlePolicy":{"maxReceivesPerSecond":null}}"#, #"{"numRetries":null}"#, " {\n} ", #"{"numRetries":3.0}"#,
    ])
    func `what is not said has its default`(json: String) throws { #expect(try Policy(json: json) == Policy()) }

    @Test func `the canonical text has SNS's keys in SNS's order`() {
        #expect(
            Policy().json
                == #"{"healthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"}}"#
        )
    }

    @Test(arguments: [
        Messaging.DeliveryPolicy(),
        .init(
            retries: 50, immediateRetries: 3, retriesAtMinimum: 2, retriesAtMaximum: 35, minimumDelay: .seconds(1),
            maximumDelay: .seconds(60), backoff: .arithmetic, maximumReceivesPerSecond: 1),
        .init(contentType: #"text/plain; charset="UTF-8"; note="a\\b""#),
    ])
    func `the canonical text reads back to the same policy`(policy: Messaging.DeliveryPolicy) throws {
        let read = try Policy(json: policy.json)
        #expect(read == policy)
        #expect(read.json == policy.json)
    }

    @Test(arguments: [
        ("", "not JSON"), ("{", "not JSON"), ("nonsense", "not JSON"), (#"{"numRetries":3"#, "not JSON"), ("[]", "a list, not an object"),
        ("3", "a number, not an object"), ("null", "null, not an object"), (#""a""#, "a text, not an object"),
        (String(repeating: "[", count: 9_000), "not JSON"), (String(repeating: " ", count: 10_001), "10001 bytes"),
        (#"{"numRetries":101}"#, "`numRetries` is 0 to 100, not 101"), (#"{"numRetries":-1}"#, "`numRetries` is 0 to 100, not -1"),
        (#"{"numRetries":"3"}"#, "`numRetries` is a whole number, 0 to 100, not a text"),
        (#"{"numRetries":true}"#, "`numRetries` is a whole number, 0 to 100, not true"),
        (#"{"numRetries":2.5}"#, "not a number with a fraction"), (#"{"numRetries":1e99}"#, "or too great a one"),
        (#"{"numRetries":[3]}"#, "not a list"), (#"{"minDelayTarget":0}"#, "`minDelayTarget` is 1 to 3600, not 0"),
        (#"{"maxDelayTarget":3601}"#, "`maxDelayTarget` is 1 to 3600, not 3601"),
        (#"{"minDelayTarget":21}"#, "`minDelayTarget` is 21 s and `maxDelayTarget` 20 s"),
        (#"{"maxDelayTarget":19}"#, "`minDelayTarget` is 20 s and `maxDelayTarget` 19 s"),
        (#"{"numRetries":5,"numNoDelayRetries":3,"numMinDelayRetries":2,"numMaxDelayRetries":1}"#, "it is 5, and"),
        (#"{"numNoDelayRetries":4}"#, "it is 3, and"),
        (#"{"numRetries":100,"minDelayTarget":20,"maxDelayTarget":60}"#, "would take 4000 s, and SNS allows 3600"),
        (#"{"backoffFunction":"fibonacci"}"#, "`linear`, `arithmetic`, `geometric`, `exponential`, not `fibonacci`"),
        (#"{"backoffFunction":1}"#, "`backoffFunction` is a text, not a number"),
        (#"{"numRetry":1}"#, "There is no `numRetry` in the policy"),
        (#"{"numRetries":1,"retries":1}"#, "There is no `retries` in `healthyRetryPolicy`"),
        (#"{"healthyRetryPolicy":3}"#, "`healthyRetryPolicy` is an object, not a number"),
        (#"{"healthyRetryPolicy":{"maxReceivesPerSecond":3}}"#, "There is no `maxReceivesPerSecond` in `healthyRetryPolicy`"),
        (#"{"throttlePolicy":{"maxReceivesPerSecond":0}}"#, "`maxReceivesPerSecond` is 1 to"),
        (#"{"throttlePolicy":{"rate":1}}"#, "There is no `rate` in `throttlePolicy`: it has `maxReceivesPerSecond`"),
        (#"{"requestPolicy":{"headerContentType":"video/mp4"}}"#, "not `video/mp4`"),
        (#"{"requestPolicy":{"headerContentType":"text/plain\r\nx: y"}}"#, "`headerContentType` is one of"),
        (#"{"requestPolicy":{"headerContentType":"text/plain; é"}}"#, "`headerContentType` is one of"),
        (#"{"http":{"defaultHealthyRetryPolicy":{}}}"#, "There is no `http` in the policy: it has `healthyRetryPolicy`"),
    ])
    func `a policy that cannot be used is refused in words that say what to do`(json: String, words: String) {
        #expect {
            try Policy(json: json)
        } throws: { error in
            guard let error = error as? MessagingError else { return false }
            let isRight = error.code == .invalidParameterValue && error.message.contains(words)
            if !isRight { Issue.record("\(error.code): \(error.message)") }
            return isRight && error.message.utf8.count < 600
        }
    }
}
