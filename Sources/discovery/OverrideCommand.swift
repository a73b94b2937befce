import ArgumentParser
import DiscoveryKit
import Foundation

struct OverrideCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "override",
        abstract: "Sends the calls of some addresses elsewhere, or lets them fail or wait, in every process of the home.",
        discussion: """
            What is registered stays as it is. An override acts on every process that shares the home, from its next call on, until it is
            removed or its time is over; of one process alone, by a file that DISCOVERY_OVERRIDES names. Of several that match an address,
            the one with the longest pattern counts. In a pattern, * is any run of characters; without -> it means every instance.

            Examples: discovery override 'ais.scheduler->get-job' --redirect http://127.0.0.1:8080/
                      discovery override 'ais.*' --failure-rate 0.1 --delay 200ms --for 1h --note 'load test'
                      discovery override 'ais.users' --reply '{"id": 7}' --status 200
                      discovery override --list
                      discovery override 'ais.*' --remove
            """)

    @OptionGroup var common: CommonOptions
    @Argument(
        help: ArgumentHelp(
            "The addresses meant: `namespace.service`, and `->instance` where that matters, with * for any run of characters. In quotes.",
            valueName: "pattern")) var pattern: String?
    @Option(help: ArgumentHelp("Call this http(s) URL or address instead.", valueName: "url|address")) var redirect: String?
    @Option(help: ArgumentHelp("Look the address up in another home.", valueName: "directory"), completion: .directory) var toHome: String?
    @Option(help: ArgumentHelp("Call nobody; answer with this text, as it is.", valueName: "text")) var reply: String?
    @Option(help: ArgumentHelp("The HTTP status of the reply; 200 unless given.", valueName: "number")) var status: Int?
    @Option(help: ArgumentHelp("Let this share of calls fail: 0.1 is every tenth.", valueName: "0...1")) var failureRate: Double?
    @Option(help: ArgumentHelp("Let each call wait first: 200ms, 2s.", valueName: "duration")) var delay: String?
    @Option(name: .customLong("for"), help: ArgumentHelp("End by itself after this long: 5m, 1h.", valueName: "duration")) var span: String?
    @Option(help: ArgumentHelp("End by itself at this time: 2026-01-02T03:04:05Z.", valueName: "time")) var until: String?
    @Option(help: ArgumentHelp("Why, for whoever finds it.", valueName: "text")) var note: String?
    @Flag(help: "Print the home's overrides, in the order in which they count.") var list = false
    @Flag(help: "Remove the override of the pattern.") var remove = false
    @Flag(help: "Remove all overrides of the home.") var removeAll = false

    func validate() throws {
        let settings = [
            ("--redirect", redirect != nil), ("--to-home", toHome != nil), ("--reply", reply != nil), ("--status", status != nil),
            ("--failure-rate", failureRate != nil), ("--delay", delay != nil), ("--for", span != nil), ("--until", until != nil),
            ("--note", note != nil),
        ].filter(\.1).map(\.0)
        let modes = [("--list", list), ("--remove", remove), ("--remove-all", removeAll)].filter(\.1).map(\.0)
        if let mode = modes.first {
            guard modes.count == 1 else { throw ValidationError("\(modes[0]) and \(modes[1]) exclude each other.") }
            if let setting = settings.first { throw ValidationError("\(mode) takes no \(setting): it changes no override.") }
            if remove {
                guard let pattern else {
                    throw ValidationError("Name the pattern to remove, as in: discovery override 'ais.*' --remove. For all: --remove-all")
                }
                _ = try Self.said { () throws(DiscoveryError) in try AddressPattern(parsing: pattern) }
            } else if pattern != nil {
                throw ValidationError("\(mode) takes no pattern.\(removeAll ? " To remove one override: --remove" : "")")
            }
        } else {
            // What is wrong is said before a home is opened, and so before one is made.
            _ = try override()
        }
    }

    func run() async throws {
        if list { return try await show() }
        if removeAll {
            let count = try await common.withDiscovery { try await $0.removeOverrides() }
            if common.json { return try Output.print(json: ["removed": count]) }
            return Output.print(count == 0 ? "There was no override to remove." : "Removed \(count) override\(count == 1 ? "" : "s").")
        }
        if remove {
            let pattern = try AddressPattern(parsing: pattern ?? "")
            try await common.withDiscovery { try await $0.removeOverride(pattern) }
            if common.json { return try Output.print(json: ["removed": pattern]) }
            return Output.print("\(pattern) is overridden no more")
        }
        let override = try override()
        let hasInstances = try await common.withDiscovery { discovery in
            try await discovery.override(override)
            return try await discovery.hasInstances(matching: override.pattern)
        }
        if common.json { try Output.print(json: override) } else { Output.print("\(override.pattern) is \(override)") }
        if !hasInstances { Output.complain(unregistered(override.pattern)) }
    }

    private func show() async throws {
        let overrides = try await common.withDiscovery { try await $0.overrides() }
        if common.json { return try Output.print(json: overrides) }
        if overrides.isEmpty { return Output.print("The home has no overrides. Set one: discovery override --help") }
        Output.print(Output.table(["PATTERN", "IS"], overrides.map { [$0.pattern.description, $0.description] }))
    }

    private func unregistered(_ pattern: AddressPattern) -> String {
        let text = pattern.description
        let services = text.firstRange(of: "->").map { text[..<$0.lowerBound] } ?? text[...]
        let advice =
            services.contains { $0 == "." || $0 == "*" }
            ? "If that is a slip, see what there is with: discovery ls"
            : "A pattern begins with the namespace, as in `default.\(services)`."
        return "The override is set, but nothing is registered now that `\(text)` means. \(advice)"
    }

    // MARK: Arguments

    private func override() throws -> Override {
        guard let pattern else {
            throw ValidationError(
                "Name the addresses to override, as in: discovery override 'ais.*' --delay 200ms. To see those there are: --list")
        }
        if status != nil, reply == nil { throw ValidationError("--status is the status of a --reply: give one.") }
        if span != nil, until != nil { throw ValidationError("--for and --until exclude each other.") }
        var override = Override(try Self.said { () throws(DiscoveryError) in try AddressPattern(parsing: pattern) }, note: note)
        override.redirect = redirect
        if let toHome {
            guard !toHome.isEmpty else { throw ValidationError("--to-home is empty: name a directory.") }
            // Other processes have other working directories.
            override.home = URL(fileURLWithPath: toHome).standardizedFileURL.path
        }
        override.reply = reply.map { Override.Reply(text: $0, status: status ?? 200) }
        override.failureRate = failureRate
        override.delay = try DurationArgument.duration(delay, of: "--delay")
        if let span = try DurationArgument.duration(span, of: "--for") {
            guard span > .zero else { throw ValidationError("--for is longer than nothing.") }
            override.expires = Date(timeIntervalSince1970: (Date.now.timeIntervalSince1970 + span / .seconds(1)).rounded(.up))
        }
        if let until {
            guard let date = Date(timestamp: until) else {
                throw ValidationError("--until takes a time such as 2026-01-02T03:04:05Z, not `\(until)`.")
            }
            guard date > .now else { throw ValidationError("--until is \(date.timestamp), which is over. Name a time to come.") }
            override.expires = date
        }
        try Self.said { () throws(DiscoveryError) in try override.check() }
        return override
    }

    /// The library's sentence, as of a command used wrongly.
    private static func said<Value>(_ body: () throws(DiscoveryError) -> Value) throws -> Value {
        do throws(DiscoveryError) { return try body() } catch { throw ValidationError(error.message) }
    }
}
