import DiscoveryKit
import Foundation
import Testing

@Suite struct OverrideTests {
    private static let time = Date(timestamp: "2026-01-02T03:04:05Z")

    @Test(arguments: [
        (Override("ais.*", .redirect(to: "http://u:secret@host:80/a?token=secret#x")), "redirected to http://host:80/a?…"),
        (Override("ais.*", .redirect(to: "corp.worker->a")), "redirected to corp.worker->a"),
        (Override("ais.*", .home("/h")), "looked up in the home /h"),
        (Override("ais.*", .reply(text: "secret", status: 503)), "answered with status 503 and 6 bytes of text/plain; charset=utf-8"),
        (Override("ais.*", .failing(rate: 0.1)), "failing at a rate of 0.1"),
        (
            Override("ais.*", .redirect(to: "http://h/"), .delayed(.milliseconds(200)), until: time),
            "redirected to http://h/, delayed by 0.2 s, until 2026-01-02T03:04:05Z"
        ),
        (Override("ais.*", .delayed(.seconds(3)), note: "load\u{1B}test"), "delayed by 3 s (load\\u{1b}test)"),
        (Override("ais.*"), "left as it is"),
    ])
    func `a description is one line without secrets or bodies`(override: Override, text: String) {
        #expect(override.description == text)
    }

    @Test func `actions are properties, in whatever order they were given`() throws {
        let one = Override("a.*", .delayed(.seconds(1)), .failing(rate: 0.5))
        #expect(one == Override("a.*", .failing(rate: 0.5), .delayed(.seconds(1))))
        #expect(one.delay == .seconds(1) && one.failureRate == 0.5 && one.destination == nil)
        let reply = try Override("a.*", .reply(json: ["id": 7], status: 201)).reply
        #expect(reply?.body == #"{"id":7}"# && reply?.status == 201 && reply?.contentType == "application/json")
        #expect(reply?.message.body == Array(#"{"id":7}"#.utf8) && reply?.message.contentType == "application/json")
        #expect(throws: DiscoveryError.self) { try Override("a.*", .reply(json: Double.nan)) }
    }

    @Test func `calls go to one place`() throws {
        #expect(Override("a.*", .redirect(to: "https://h/")).destination == .location("https://h/"))
        #expect(Override("a.*", .redirect(to: "b.c->d")).destination == .address("b.c->d"))
        #expect(Override("a.*", .home("/h")).destination == .home("/h"))
        #expect(Override("a.*", .reply(text: "x")).destination == .reply(.init(text: "x")))
    }

    @Test(arguments: [
        (Override("a\nb", .failing(rate: 1)), "cannot be printed"),
        (Override("a.*"), "does nothing"),
        (Override("a.*", note: "only a note"), "does nothing"),
        (Override("a.*", .redirect(to: "http://h/"), .home("/h")), "`redirect` and `home`"),
        (Override("a.*", .redirect(to: "http://h/"), .reply(text: "")), "`redirect` and `reply`"),
        (Override("a.*", .home("/h"), .reply(text: "")), "`home` and `reply`"),
        (Override("a.*", .home("/h"), .reply(text: ""), .redirect(to: "x")), "`redirect` and `home` and `reply`"),
        (Override("a.*", .redirect(to: "")), "neither"), (Override("a.*", .redirect(to: "a..b")), "at byte 2"),
        (Override("a.*", .redirect(to: "http://")), "with a host"), (Override("a.*", .redirect(to: "http:///x")), "with a host"),
        (Override("a.*", .redirect(to: "ftp://h/")), "`ftp://h/`"), (Override("a.*", .redirect(to: "http://h/a b")), "percent-encoded"),
        (Override("a.*", .redirect(to: "http://u:secret@h/é")), "`http://h/é`"),
        (Override("a.*", .redirect(to: "http://h/\r\nX: y")), "percent-encoded"),
        (Override("a.*", .home("relative")), "absolute"), (Override("a.*", .home("")), "absolute"),
        (Override("a.*", .home("/a\0b")), "absolute"),
        (Override("a.*", .failing(rate: -0.1)), "-0.1"), (Override("a.*", .failing(rate: 1.1)), "1.1"),
        (Override("a.*", .failing(rate: .nan)), "nan"), (Override("a.*", .failing(rate: .infinity)), "inf"),
        (Override("a.*", .delayed(.seconds(-1))), "`delay` is -1 s"), (Override("a.*", .delayed(.seconds(3_601))), "3600"),
        (Override("a.*", .delayed(.seconds(Int64.max))), "3600"),
        (Override("a.*", .reply(text: "", status: 199)), "199"), (Override("a.*", .reply(text: "", status: 600)), "600"),
        (Override("a.*", .reply(text: String(repeating: "a", count: 65_537))), "65537 bytes"),
        (Override("a.*", .reply(.init(text: "", contentType: ""))), "media type"),
        (Override("a.*", .reply(.init(text: "", contentType: "a\r\nb: c"))), "media type"),
        (Override("a.*", .failing(rate: 1), until: Date(timeIntervalSince1970: -1)), "`expires`"),
        (Override("a.*", .failing(rate: 1), note: String(repeating: "n", count: 1_025)), "`note` has 1025 bytes"),
    ])
    func `an override that contradicts itself is an error that names its pattern`(override: Override, says: String) {
        let error = #expect(throws: DiscoveryError.self) { try override.check() }
        #expect(error?.code == .configuration && error?.message.contains(says) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(override.pattern.fault == nil ? "`a.*`" : "`a\\u{a}b`") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("secret") == false)
        #expect(throws: EncodingError.self) { try JSONEncoder().encode(override) }
        #expect(!override.description.contains("\n"))
        var configuration = Discovery.Configuration()
        configuration.overrides = [override]
        #expect(throws: DiscoveryError.self) { try Discovery(configuration) }
    }

    // Not among the arguments above: what prints them cannot print such a time.
    @Test func `a time that is none, or that no calendar has, is refused`() {
        for odd in [Double.nan, .infinity, -.infinity, 1e300, 253_402_300_800] {
            let override = Override("a.*", .failing(rate: 1), until: Date(timeIntervalSince1970: odd))
            let message = (try? override.jsonText()).map { "taken: \($0)" } ?? "refused"
            #expect(message == "refused", "\(odd)")
            #expect(override.description.hasPrefix("failing at a rate of 1.0, until"))
        }
    }

    @Test func `the limits themselves are allowed`() throws {
        try Override("*", .failing(rate: 0)).check()
        try Override("*", .failing(rate: 1), .delayed(.zero)).check()
        try Override("*", .delayed(.seconds(3_600)), until: Date(timestamp: "9999-12-31T23:59:59Z")).check()
        try Override("*", .reply(text: String(repeating: "a", count: 65_536), status: 599)).check()
    }

    @Test func `two overrides of one pattern are refused, and one that has expired is not`() throws {
        var configuration = Discovery.Configuration()
        configuration.overrides = [
            Override("a.*", .failing(rate: 1), until: .distantPast.addingTimeInterval(1e11)), Override("b.*", .home("/h")),
        ]
        _ = try Discovery(configuration)
        configuration.overrides.append(Override("b.*", .failing(rate: 1)))
        let error = #expect(throws: DiscoveryError.self) { try Discovery(configuration) }
        #expect(error?.code == .configuration && error?.message.contains("two overrides of `b.*`") == true)
    }

    @Test func `the first that matches and has not expired counts`() throws {
        let now = try #require(Self.time)
        let overrides = [
            Override("ais.a->x", .home("/1")), Override("ais.*", .home("/2"), until: now), Override("*.a", .home("/3"), until: now + 1),
            Override("*", .home("/4")),
        ]
        func first(_ namespace: String, _ service: String, _ instance: Address.Instance, after seconds: Double = 0) -> String? {
            Override.first(
                of: overrides, matching: .init(service: service, instance: instance), in: namespace, at: now.addingTimeInterval(seconds))?
                .home
        }
        #expect(first("ais", "a", .id("x")) == "/1")
        #expect(first("ais", "a", .id("y"), after: -1) == "/2")
        #expect(first("ais", "a", .id("y")) == "/3")
        #expect(first("ais", "a", .id("y"), after: 1) == "/4")
        #expect(first("other", "b", .only) == "/4")
        #expect(Override.first(of: [overrides[0]], matching: .init(service: "b"), in: "ais", at: now) == nil)
    }

    @Test func `calls fail at the rate given, by an error that says what did it`() {
        print("OverrideTests: \(Rounds.note)")
        var generator = SplitMix()
        func failures(_ override: Override) -> Int { (0..<10_000).count { _ in override.fails(using: &generator) } }
        #expect(failures(Override("a.*", .failing(rate: 0))) == 0)
        #expect(failures(Override("a.*", .failing(rate: 1))) == 10_000)
        #expect(failures(Override("a.*", .home("/h"))) == 0)
        // Six standard deviations to either side.
        #expect((820...1_180).contains(failures(Override("a.*", .failing(rate: 0.1)))), "\(Rounds.note)")
        let error = Override("a.*", .failing(rate: 0.1)).failure(of: "a.b->c")
        #expect(error.code == .unreachable && error.address == "a.b->c")
        #expect(error.message.contains("overridden") && error.message.contains("`a.*` is failing at a rate of 0.1"))
    }

    @Test(
        arguments: [
            ("2026-01-02T03:04:05Z", 1_767_323_045), ("2026-01-02T03:04:05.250Z", 1_767_323_045.25),
            ("2026-01-02T05:04:05+02:00", 1_767_323_045), ("2026-01-01T21:34:05-05:30", 1_767_323_045),
            ("2024-02-29T00:00:00Z", 1_709_164_800),
            ("1970-01-01T00:00:00Z", 0), ("9999-12-31T23:59:59Z", 253_402_300_799), ("2000-03-01T00:00:00z", 951_868_800),
            ("2026-02-29T00:00:00Z", nil), ("2100-02-29T00:00:00Z", nil), ("2026-13-01T00:00:00Z", nil), ("2026-00-01T00:00:00Z", nil),
            ("2026-01-00T00:00:00Z", nil), ("2026-01-02T24:00:00Z", nil), ("2026-01-02T03:60:05Z", nil), ("2026-01-02T03:04:60Z", nil),
            ("2026-01-02T03:04:05", nil), ("2026-01-02", nil), ("", nil), ("2026-01-02T03:04:05Zjunk", nil), ("2026-01-02 03:04:05Z", nil),
            ("1969-12-31T23:59:59Z", nil), ("2026-01-02T03:04:05+24:00", nil), ("２０２６-01-02T03:04:05Z", nil), ("tomorrow", nil),
        ] as [(String, Double?)])
    func `a time is read to the letter`(text: String, seconds: Double?) {
        #expect(Date(timestamp: text)?.timeIntervalSince1970 == seconds)
        guard let date = Date(timestamp: text) else { return }
        #expect(Date(timestamp: date.timestamp) == date)
    }

    @Test func `any time has a text`() {
        #expect(Date(timeIntervalSince1970: 1_767_323_045.25).timestamp == "2026-01-02T03:04:05.250Z")
        #expect(Date(timeIntervalSince1970: 0.0071).timestamp == "1970-01-01T00:00:00.007Z")
        #expect(Date(timestamp: "9140-11-17T18:41:16.904Z")?.timestamp == "9140-11-17T18:41:16.904Z")
        for odd in [Double.nan, .infinity, -.infinity, -1e300, 1e300] {
            #expect(Date(timestamp: Date(timeIntervalSince1970: odd).timestamp) != nil)
        }
    }
}
