import Store
import Testing

@testable import Messaging

/// SQS's rules on names, sizes, characters, attributes and ranges.
struct RuleTests {
    @Test(arguments: ["a", "A-b_9", String(repeating: "x", count: 80), "q.fifo", String(repeating: "x", count: 75) + ".fifo"])
    func `a queue's name that fits`(name: String) throws { try Rules.checkQueue(name: name) }

    @Test(arguments: [
        "", ".fifo", "a.b", "a b", "é", "a/b", "q.FIFO", "q.fifo.fifo", String(repeating: "x", count: 81),
        String(repeating: "x", count: 76) + ".fifo",
    ])
    func `a queue's name that does not fit`(name: String) {
        #expect(throws: MessagingError.self) { try Rules.checkQueue(name: name) }
    }

    @Test(arguments: [
        Messaging.QueueConfiguration(delay: .seconds(901)), .init(delay: .seconds(-1)), .init(maximumMessageSize: 1_023),
        .init(maximumMessageSize: 1_048_577), .init(retention: .seconds(59)), .init(retention: .seconds(1_209_601)),
        .init(wait: .seconds(21)), .init(visibility: .seconds(43_201)),
        .init(redrive: .init(deadLetterQueue: "d", maximumReceives: 0)),
        .init(redrive: .init(deadLetterQueue: "d", maximumReceives: 1_001)),
        .init(redriveAllow: .queues([])), .init(redriveAllow: .queues((0..<11).map { "q\($0)" })), .init(contentBasedDeduplication: true),
        .init(deduplicationScope: .group), .init(throughputLimit: .perGroup),
    ])
    func `a configuration out of its ranges`(configuration: Messaging.QueueConfiguration) {
        #expect { try Rules.check(configuration, for: "q") } throws: { ($0 as? MessagingError)?.code == .invalidAttributeValue }
    }

    @Test(arguments: [
        Messaging.QueueConfiguration(), .init(delay: .seconds(900), maximumMessageSize: 1_024, retention: .seconds(60)),
        .init(retention: .seconds(1_209_600), wait: .seconds(20), visibility: .seconds(43_200)),
        .init(redrive: .init(deadLetterQueue: "d", maximumReceives: 1_000)),
    ])
    func `a configuration at the ends of its ranges`(configuration: Messaging.QueueConfiguration) throws {
        try Rules.check(configuration, for: "q")
    }

    @Test func `a limit per group needs deduplication per group`() throws {
        try Rules.check(.init(deduplicationScope: .group, throughputLimit: .perGroup), for: "q.fifo")
        #expect(throws: MessagingError.self) { try Rules.check(.init(throughputLimit: .perGroup), for: "q.fifo") }
    }

    @Test(arguments: ["\t\n\r", " ~", "é", "\u{7F}", "\u{D7FF}\u{E000}", "\u{FFFD}", "\u{10000}\u{10FFFF}", "plain"])
    func `text that is allowed`(text: String) { #expect(Rules.isAllowedText(Array(text.utf8))) }

    @Test(arguments: [
        [0], [8], [11], [12], [0x1F], [65, 0, 66], [0xFF], [0xC3], [0xED, 0xA0, 0x80], Array("\u{FFFE}".utf8), Array("\u{FFFF}".utf8),
    ])
    func `bytes that are not allowed`(bytes: [UInt8]) { #expect(!Rules.isAllowedText(bytes)) }

    @Test func `every byte is judged alike wherever it stands`() {
        for byte in UInt8.min ... .max {
            let isAllowed = [0x9, 0xA, 0xD].contains(byte) || (0x20..<0x80).contains(byte)
            for position in 0..<19 {
                var bytes = [UInt8](repeating: 0x61, count: 19)
                bytes[position] = byte
                #expect(Rules.isAllowedText(bytes) == isAllowed, "\(byte) at \(position)")
            }
        }
    }

    private func code(_ change: (inout Messaging.Outgoing) -> Void) -> MessagingError.Code? {
        var message = Messaging.Outgoing("x")
        change(&message)
        do throws(MessagingError) { try Rules.check(message) } catch { return error.code }
        return nil
    }

    @Test func `what a message may carry`() {
        #expect(code { $0.body = [] } == .missingParameter)
        #expect(code { $0.body = [0] } == .invalidMessageContents)
        for number in [10, 11] {
            let result = code { message in for index in 0..<number { message.attributes["a\(index)"] = .init(.string("x")) } }
            #expect((result == nil) == (number == 10))
        }
        for name in ["a", "a.b", "A_-9", "awsome", "AWS", String(repeating: "n", count: 256)] {
            #expect(code { $0.attributes[name] = .init(.string("x")) } == nil, "\(name)")
        }
        for name in ["", ".a", "a.", "a..b", "AWS.x", "aws.x", "Amazon.x", "a b", "é", String(repeating: "n", count: 257)] {
            #expect(code { $0.attributes[name] = .init(.string("x")) } == .invalidParameterValue, "\(name)")
        }
        for value in [Messaging.Attribute.Value.string(""), .string("\u{0}"), .number(""), .number("x"), .number("1e"), .binary([])] {
            #expect(code { $0.attributes["a"] = .init(value) } == .invalidParameterValue, "\(value)")
        }
        for number in ["0", "-1", "+1.5", ".5", "5.", "1e10", "-1.5E-7", String(repeating: "9", count: 38)] {
            #expect(code { $0.attributes["a"] = .init(.number(number)) } == nil, "\(number)")
        }
        #expect(code { $0.attributes["a"] = .init(.number(String(repeating: "9", count: 39))) } == .invalidParameterValue)
        #expect(code { $0.delay = .seconds(900) } == nil)
        #expect(code { $0.delay = .seconds(901) } == .invalidParameterValue)
        #expect(
            code {
                $0.delay = .zero; $0.deliverAt = .init(milliseconds: 1)
            } == .invalidParameterValue)
        for token in ["", " ", "é", String(repeating: "t", count: 129)] {
            #expect(code { $0.group = token } == .invalidParameterValue)
            #expect(code { $0.deduplication = token } == .invalidParameterValue)
        }
        #expect(code { $0.group = "!\"#$%&'()*+,-./:;<=>?@[]^_`{|}~" } == nil)
        #expect(code { $0.trace = "" } == .invalidParameterValue)
    }

    @Test func `the size of a message counts names, types and values`() {
        var message = Messaging.Outgoing("12345")
        message.trace = "not counted"
        #expect(Rules.size(of: message) == 5)
        message.attributes = ["ab": .init(.string("xyz")), "n": .init(.number("1"), label: "int"), "b": .init(.binary([1, 2]))]
        #expect(Rules.size(of: message) == 5 + (2 + 6 + 3) + (1 + 6 + 4 + 1) + (1 + 6 + 2))
    }

    @Test func `what a queue asks of a message`() {
        func code(
            size: Int = 1, group: String? = nil, id: String? = nil, delay: Duration? = nil, isTimed: Bool = false, isFIFO: Bool,
            content: Bool = false
        ) -> MessagingError.Code? {
            do throws(MessagingError) {
                try Rules.check(
                    size: size, group: group, deduplication: id, delay: delay, isTimed: isTimed,
                    for: .init(maximumMessageSize: 1_024, contentBasedDeduplication: content), isFIFO: isFIFO)
            } catch { return error.code }
            return nil
        }
        #expect(code(size: 1_024, isFIFO: false) == nil)
        #expect(code(size: 1_025, isFIFO: false) == .messageTooLong)
        #expect(code(group: "g", delay: .seconds(1), isTimed: true, isFIFO: false) == nil)
        #expect(code(id: "1", isFIFO: false) == .invalidParameterValue)
        #expect(code(id: "1", isFIFO: true) == .missingParameter)
        #expect(code(group: "g", isFIFO: true) == .invalidParameterValue)
        #expect(code(group: "g", isFIFO: true, content: true) == nil)
        #expect(code(group: "g", id: "1", delay: .seconds(1), isFIFO: true) == .invalidParameterValue)
        #expect(code(group: "g", id: "1", isTimed: true, isFIFO: true) == .invalidParameterValue)
        #expect(code(group: "g", id: "1", delay: .zero, isFIFO: true) == nil)
    }

    @Test(arguments: [
        (99, 0, nil as Int?, Rules.Fate.deliver), (100, 0, nil, .expire), (99, 3, 3, .deadLetter), (99, 2, 3, .deliver),
        (100, 3, 3, .expire),
    ])
    func `a message's fate`(age: Int, receives: Int, maximum: Int?, fate: Rules.Fate) {
        #expect(Rules.fate(arrived: 0, receives: Int64(receives), retention: 100, maximumReceives: maximum, now: Int64(age)) == fate)
    }

    @Test func `attributes are written and read back, and damage is noticed`() throws {
        let attributes: [String: Messaging.Attribute] = [
            "a": .init(.string("é"), label: "x.y"), "b": .init(.number("1")), "c": .init(.binary([UInt8](0...255))),
        ]
        let bytes = AttributeCoding.encode(attributes)
        #expect(try AttributeCoding.decode(bytes) == attributes)
        #expect(AttributeCoding.encode(attributes) == bytes)
        for length in 1..<bytes.count {
            do { #expect(try AttributeCoding.decode(Array(bytes.prefix(length))).count < 3) } catch {
                #expect(error.code == .damaged)
            }
        }
    }

    @Test func `durations of any length have milliseconds`() {
        #expect(Duration.seconds(2).milliseconds == 2_000)
        #expect(Duration.microseconds(1_999).milliseconds == 1)
        #expect(Duration.seconds(Int64.max).milliseconds == .max)
        #expect(Duration.seconds(Int64.min).milliseconds == .min)
    }
}
