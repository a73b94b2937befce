import Foundation
import Messaging
import Testing

@testable import DiscoveryKit

private typealias Notification = DiscoveryKit.Notification

/// What subscriptions are sent: SNS's envelope and headers, Lambda's event, and an envelope read back.
@Suite struct NotificationTests {
    private static let published = Date(timeIntervalSince1970: 1_335_920_046.655)

    private static func notification(_ body: String = "Hello", published: Date = published) -> Notification {
        Notification(topic: "orders", id: "22b80b92-fdea-8c2c-8f9d-bdfb0c7bf324", published: published, body: Array(body.utf8))
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    // MARK: Golden

    @Test func `an envelope has SNS's keys in SNS's order, and nothing that there is not`() {
        #expect(
            text(Self.notification().envelope())
                == #"{"Type":"Notification","MessageId":"22b80b92-fdea-8c2c-8f9d-bdfb0c7bf324","#
                + #""TopicArn":"arn:aws:sns:local:000000000000:orders","Message":"Hello","Timestamp":"2012-05-02T00:54:06.655Z"}"#)
    }

    @Test func `a whole envelope`() {
        var notification = Self.notification(#"{"order": "7"}"#)
        notification.sequence = "10000000000000000001"
        notification.subject = "New \"order\""
        notification.unsubscribeURL = "http://localhost:4580/?Action=Unsubscribe&SubscriptionArn=a"
        notification.attributes = [
            "size": .init(.number("1.50"), label: "float"), "binary": .init(.binary([0, 255])), "store": .init(.string("a/b")),
            "tags": .init(.string(#"["x"]"#), label: "Array"),
        ]
        #expect(
            text(notification.envelope())
                == #"{"Type":"Notification","MessageId":"22b80b92-fdea-8c2c-8f9d-bdfb0c7bf324","SequenceNumber":"10000000000000000001","#
                + #""TopicArn":"arn:aws:sns:local:000000000000:orders","Subject":"New \"order\"","Message":"{\"order\": \"7\"}","#
                + #""Timestamp":"2012-05-02T00:54:06.655Z","UnsubscribeURL":"http://localhost:4580/?Action=Unsubscribe&SubscriptionArn=a","#
                + #""MessageAttributes":{"binary":{"Type":"Binary","Value":"AP8="},"size":{"Type":"Number.float","Value":"1.50"},"#
                + #""store":{"Type":"String","Value":"a/b"},"tags":{"Type":"String.Array","Value":"[\"x\"]"}}}"#)
    }

    @Test func `a confirmation has a token and where to take it`() {
        let confirmation = Notification(
            .subscriptionConfirmation, topic: "orders", id: "1", published: Self.published, body: Array("Visit it.".utf8),
            subscription: "s",
            token: "t0", subscribeURL: "http://h/?Token=t0")
        #expect(
            text(confirmation.envelope())
                == #"{"Type":"SubscriptionConfirmation","MessageId":"1","Token":"t0","TopicArn":"arn:aws:sns:local:000000000000:orders","#
                + #""Message":"Visit it.","SubscribeURL":"http://h/?Token=t0","Timestamp":"2012-05-02T00:54:06.655Z"}"#)
        let headers = confirmation.headers(isRaw: false).map { "\($0.name): \($0.value)" }
        #expect(headers.contains("x-amz-sns-message-type: SubscriptionConfirmation"))
        #expect(!headers.contains { $0.hasPrefix("x-amz-sns-subscription-arn") })
    }

    @Test func `a function's event has every key that declared types ask for`() {
        var notification = Self.notification()
        notification.subscription = "s1"
        #expect(
            text(notification.event())
                == #"{"Records":[{"EventSource":"aws:sns","EventVersion":"1.0","#
                + #""EventSubscriptionArn":"arn:aws:sns:local:000000000000:orders:s1","Sns":{"Type":"Notification","#
                + #""MessageId":"22b80b92-fdea-8c2c-8f9d-bdfb0c7bf324","TopicArn":"arn:aws:sns:local:000000000000:orders","Subject":null,"#
                + #""Message":"Hello","Timestamp":"2012-05-02T00:54:06.655Z","SignatureVersion":"1","Signature":"","SigningCertUrl":"","#
                + #""UnsubscribeUrl":"","MessageAttributes":{}}}]}"#)
        notification.subject = "S"
        notification.attributes = ["a": .init(.number("1")), "b": .init(.binary([1]))]
        #expect(text(notification.event()).contains(#""Subject":"S","Message":"Hello""#))
        #expect(
            text(notification.event())
                .hasSuffix(#""MessageAttributes":{"a":{"Type":"Number","Value":"1"},"b":{"Type":"Binary","Value":"AQ=="}}}}]}"#))
    }

    @Test func `the headers of a delivery`() {
        var notification = Self.notification()
        notification.subscription = "s1"
        let headers = notification.headers(isRaw: false).map { "\($0.name): \($0.value)" }.sorted()
        #expect(
            headers == [
                "content-type: text/plain; charset=UTF-8", "user-agent: Amazon Simple Notification Service Agent",
                "x-amz-sns-message-id: 22b80b92-fdea-8c2c-8f9d-bdfb0c7bf324", "x-amz-sns-message-type: Notification",
                "x-amz-sns-subscription-arn: arn:aws:sns:local:000000000000:orders:s1",
                "x-amz-sns-topic-arn: arn:aws:sns:local:000000000000:orders",
            ])
        let raw = notification.headers(isRaw: true, contentType: "application/json").map { "\($0.name): \($0.value)" }
        #expect(raw.contains("x-amz-sns-rawdelivery: true") && raw.contains("content-type: application/json"))
        #expect(raw.count == headers.count + 1)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_335_920_046, "2012-05-02T00:54:06.000Z"), (1_335_920_046.6, "2012-05-02T00:54:06.600Z"),
        (253_402_300_798.999, "9999-12-31T23:59:58.999Z"), (-1, "1970-01-01T00:00:00.000Z"),
    ])
    func `a time has milliseconds always`(seconds: Double, expected: String) {
        let envelope = text(Self.notification(published: Date(timeIntervalSince1970: seconds)).envelope())
        #expect(envelope.hasSuffix(#""Timestamp":"\#(expected)"}"#), "\(envelope)")
    }

    // MARK: Escaping

    @Test(arguments: [
        ("\"\\/", #"\"\\/"#), ("\u{8}\t\n\u{C}\r", #"\b\t\n\f\r"#), ("\u{0}\u{1}\u{B}\u{1F}\u{7F}", "\\u0000\\u0001\\u000b\\u001f\u{7F}"),
        ("é日👩‍👩‍👧\u{2028}", "é日👩‍👩‍👧\u{2028}"), ("", ""), ("\n", #"\n"#), ("a\nb", #"a\nb"#), ("\r\n", #"\r\n"#), ("e\u{301}", "e\u{301}"),
    ])
    func `a body is escaped as JSON asks, and not more`(body: String, expected: String) {
        let envelope = Self.notification(body).envelope()
        #expect(envelope.firstRange(of: Array(#""Message":"\#(expected)","Timestamp""#.utf8)) != nil, "\(text(envelope))")
    }

    @Test func `every byte alone makes JSON that another's parser reads`() throws {
        for byte in UInt8.min ... .max {
            var notification = Self.notification()
            notification.body = [0x61, byte, 0x62]
            let read = try #require(JSONSerialization.jsonObject(with: Data(notification.envelope())) as? [String: Any])
            #expect(read["Message"] as? String == String(decoding: notification.body, as: UTF8.self))
        }
    }

    // MARK: Reading

    @Test func `SNS's own envelope is read, whatever else is in it`() throws {
        let envelope = """
             {
              "Type" : "Notification", "MessageId" : "22b80b92", "TopicArn" : "arn:aws:sns:us-west-2:123456789012:My.Topic",
              "Subject" : "My First Message", "Message" : "Hello \\u00e9 world!", "Timestamp" : "2012-05-02T00:54:06.655Z",
              "SignatureVersion" : "1", "Signature" : "EXAMPLEw6JRN", "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/a.pem",
              "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
              "MessageAttributes" : { "n" : { "Type" : "Number", "Value" : "7" }, "b" : { "Type" : "Binary.png", "Value" : "AP8=" } },
              "Future" : { "x" : [1, null] }
            }
            """
        let read = try #require(Notification(envelope: Array(envelope.utf8)))
        #expect(
            read
                == Notification(
                    topic: "My.Topic", id: "22b80b92", subject: "My First Message", published: Self.published,
                    body: Array("Hello é world!".utf8),
                    attributes: ["n": .init(.number("7")), "b": .init(.binary([0, 255]), label: "png")],
                    unsubscribeURL: "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe"))
    }

    @Test(arguments: [
        "", " ", "{", "{}", "[]", "null", "Hello", #"{"Message":"Hello"}"#, #"{"Type":"Notification"}"#,
        #"{"Type":"Other","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":1,"TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sqs:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:","Message":"m","Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"t","Message":"m","Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":{},"Timestamp":"2012-05-02T00:54:06Z"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"yesterday"}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z","MessageAttributes":{"a":{"Type":"List","Value":"x"}}}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z","MessageAttributes":{"a":{"Type":"Binary","Value":"?"}}}"#,
        #"{"Type":"Notification","MessageId":"1","TopicArn":"arn:aws:sns:l:0:t","Message":"m","Timestamp":"2012-05-02T00:54:06Z","MessageAttributes":[]}"#,
    ])
    func `what is no envelope is none`(text: String) { #expect(Notification(envelope: Array(text.utf8)) == nil) }

    @Test func `the greatest message is read back however it is escaped, and nothing beyond the bound is looked at`() throws {
        let greatest = Self.notification(String(repeating: "\u{1}", count: 262_144))
        #expect(greatest.envelope().count < Notification.longestEnvelope)
        #expect(Notification(envelope: greatest.envelope()) == greatest)
        let tooLong = Self.notification(String(repeating: "x", count: Notification.longestEnvelope))
        #expect(Notification(envelope: tooLong.envelope()) == nil)
        let deep = Array(String(repeating: #"{"a":"#, count: 100_000).utf8)
        #expect(Notification(envelope: deep) == nil)
    }

    // MARK: Random values

    @Test(.timeLimit(.minutes(5))) func `any notification reads back as it was written`() async {
        print("NotificationTests: \(Rounds.note)")
        var generator = SplitMix()
        for await round in Rounds.each() {
            for _ in 0..<40 {
                let notification = Self.random(&generator)
                let read = Notification(envelope: notification.envelope())
                #expect(read == notification, "\(Rounds.note) round \(round): \(notification)")
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func `any bytes are read or are no envelope, and what is read is written the same`() async {
        print("NotificationTests: \(Rounds.note)")
        var generator = SplitMix()
        var reads = 0
        for await round in Rounds.each() {
            var bytes: [UInt8] = []
            for mutation in 0..<400 {
                if mutation % 4 == 0 { bytes = Self.random(&generator).envelope() }
                Self.mutate(&bytes, &generator)
                guard let read = Notification(envelope: bytes) else { continue }
                reads += 1
                #expect(Notification(envelope: read.envelope()) == read, "\(Rounds.note) round \(round): \(bytes)")
            }
        }
        // A loop over nothing but refusals would prove little.
        #expect(reads > Rounds.count * 20, "\(Rounds.note)")
    }

    private static func random(_ generator: inout SplitMix) -> Notification {
        func text() -> String {
            let pieces = [
                "a", "\"", "\\", "\n", "\u{0}", "\u{1F}", "é", "日", "👩‍👩‍👧", "/", "{", "}", ":", ",", " ", "\u{2028}", "\r\n", "e\u{301}",
            ]
            return (0..<Int.random(in: 0...12, using: &generator)).map { _ in pieces.randomElement(using: &generator) ?? "" }.joined()
        }
        func maybe() -> String? { Bool.random(using: &generator) ? text() : nil }
        var attributes: [String: Messaging.Attribute] = [:]
        for index in 0..<Int.random(in: 0...3, using: &generator) {
            let value: Messaging.Attribute.Value =
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: .string(text())
                case 1: .number("\(Int.random(in: -9...9, using: &generator))")
                default: .binary((0..<Int.random(in: 0...5, using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
                }
            attributes["a\(index)\(text())"] = .init(value, label: Bool.random(using: &generator) ? "l.m" : nil)
        }
        let kinds: [Notification.Kind] = [.notification, .subscriptionConfirmation, .unsubscribeConfirmation]
        return Notification(
            kinds.randomElement(using: &generator) ?? .notification, topic: "t-\(Int.random(in: 0...9, using: &generator)).fifo",
            id: text(),
            sequence: maybe(), subject: maybe(),
            // To the millisecond, by the same sum as a reader makes.
            published: Date(
                timeIntervalSince1970: Double(Int.random(in: 0...4_000_000_000, using: &generator)) + Double(
                    Int.random(in: 0...999, using: &generator)) / 1_000),
            body: Array(text().utf8), attributes: attributes, token: maybe(), subscribeURL: maybe(), unsubscribeURL: maybe())
    }

    private static func mutate(_ bytes: inout [UInt8], _ generator: inout SplitMix) {
        let syntax = Array("\"\\{}[]:,u0 ".utf8)
        let position = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: bytes.insert(syntax.randomElement(using: &generator) ?? 0, at: min(position, bytes.count))
        case 1: bytes.insert(.random(in: 0...255, using: &generator), at: min(position, bytes.count))
        case 2: if position < bytes.count { bytes.remove(at: position) }
        case 3: bytes.removeLast(bytes.count - min(position, bytes.count))
        default: if position < bytes.count { bytes[position] = .random(in: 0x20...0x7E, using: &generator) }
        }
    }
}
