import Testing

@testable import AddressGenerator

@Suite struct SwiftNameTests {
    @Test(arguments: [
        ("get-job", "getJob"), ("GetJob", "getJob"), ("getJob", "getJob"), ("HTTPHandler", "httpHandler"), ("HTTP", "http"), ("a", "a"),
        ("A", "a"), ("A1", "a1"), ("HTTP2", "http2"), ("jobs.fifo", "jobsFifo"), ("a/b.v2", "aBV2"), ("v1.2", "v1_2"),
        ("get_job", "getJob"),
        ("2024-report", "_2024Report"), ("7", "_7"), ("default", "`default`"), ("Default", "`default`"), ("in", "`in`"),
        ("self", "selfInstance"), ("init", "initInstance"), ("type", "type"), ("--a--", "a"), ("größe", "größe"), ("Ähre", "ähre"),
        ("日本-語", "日本語"), ("a🙂b", "aB"), ("a\u{202E}b", "aB"), ("*", nil), ("-", nil), ("🙂", nil), ("", nil),
    ])
    func `a constant is in lower camel case`(name: String, constant: String?) {
        #expect(SwiftName.constant(name) == constant)
    }

    @Test(arguments: [
        ("ais", "Ais"), ("corp.internal", "CorpInternal"), ("_http._tcp", "HttpTcp"), ("2nd", "_2nd"), ("type", "TypeService"),
        ("self", "SelfService"), ("any", "AnyService"), ("address", "AddressService"), ("discovery-kit", "DiscoveryKitService"),
        ("élan", "Élan"), ("-", nil),
    ])
    func `an enum is in upper camel case, and hides nothing that its file uses`(name: String, type: String?) {
        #expect(SwiftName.type(name, suffix: "Service") == type)
    }

    @Test(arguments: [
        ("App", true), ("_App2", true), ("Élan", true), ("", false), ("_", false), ("2", false), ("a b", false), ("Type", false),
        ("Address", false), ("class", false), ("A.B", false), ("A {}; enum B", false),
    ])
    func `an enclosing enum has a name that can be declared`(name: String, isType: Bool) {
        #expect(SwiftName.isType(name) == isType)
    }

    @Test func `a literal shows what cannot be seen`() {
        #expect(SwiftName.literal("a\"b\\c\u{202E}\u{A0}é🙂") == #""a\"b\\c\u{202e}\u{a0}é🙂""#)
    }
}
