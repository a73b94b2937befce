internal import Foundation

extension Override {
    /// What is wrong with an override: a sentence that does not say with which, and another on what to do.
    struct Fault: Error, Equatable {
        let sentence: String

        init(_ sentence: String) { self.sentence = sentence }
    }

    /// Checks what the types leave open.
    ///
    /// - Throws: `.configuration`, naming the pattern and what is wrong.
    package func check() throws(DiscoveryError) {
        try pattern.check()
        do {
            try checkActions()
            try checkNote()
        } catch {
            throw DiscoveryError(.configuration, "The override of `\(pattern.text.excerpt(reach: 200))` cannot be used: \(error.sentence)")
        }
    }

    /// Checks each of a list, and that no two are about the same pattern: which of them were to count would be anybody's guess.
    static func check(_ overrides: [Override]) throws(DiscoveryError) {
        var seen: Set<AddressPattern> = []
        for override in overrides {
            try override.check()
            guard seen.insert(override.pattern).inserted else {
                throw DiscoveryError(
                    .configuration, "There are two overrides of `\(override.pattern)` in one list. Remove one, or make them one.")
            }
        }
    }

    func checkActions() throws(Fault) {
        let destinations = [("redirect", redirect != nil), ("home", home != nil), ("reply", reply != nil)].filter(\.1).map { "`\($0.0)`" }
        guard destinations.count < 2 else {
            throw Fault("it has \(destinations.joined(separator: " and ")), and a call goes to one place only. Leave one of them.")
        }
        guard !destinations.isEmpty || failureRate != nil || delay != nil else {
            throw Fault("it does nothing. Give it `redirect`, `home`, `reply`, `failureRate` or `delay`.")
        }
        if let redirect { try Self.check(redirect: redirect) }
        if let home {
            guard home.hasPrefix("/"), home.utf8.count <= 4_096, !home.utf8.contains(0) else {
                throw Fault("`home` is `\(home.excerpt())`, not an absolute path. Write the whole path of a home's directory.")
            }
        }
        try reply?.check()
        if let failureRate, !(0...1).contains(failureRate) {
            throw Fault("`failureRate` is \(failureRate), not a number from 0 to 1. Correct it.")
        }
        if let delay, !(.zero...Self.maximumDelay).contains(delay) {
            throw Fault("`delay` is \(delay.inSeconds) s, not from 0 to \(Self.maximumDelay.inSeconds). Correct it.")
        }
    }

    func checkNote() throws(Fault) {
        if let expires, !expires.hasTimestamp {
            throw Fault("`expires` is no time between the years 1970 and 9999. Correct it.")
        }
        if let note, note.utf8.count > Self.maximumNoteLength {
            throw Fault("`note` has \(note.utf8.count) bytes; \(Self.maximumNoteLength) are allowed. Shorten it.")
        }
    }

    private static func check(redirect: String) throws(Fault) {
        guard isURL(redirect) else {
            if let fault = Address(stringLiteral: redirect).fault {
                throw Fault("`redirect` is neither an `http:` or `https:` URL nor an address. \(fault.message)")
            }
            return
        }
        let isHTTP = ["http", "https"].contains { redirect.lowercased().hasPrefix($0 + "://") }
        let isPlain = redirect.utf8.count <= 4_096 && redirect.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        guard isHTTP, isPlain, let host = URLComponents(string: redirect)?.host, !host.isEmpty else {
            throw Fault(
                "`redirect` is `\(Resource.shown(redirect))`, not an `http:` or `https:` URL with a host, percent-encoded. Correct it, or name an address."
            )
        }
    }
}

extension Override.Reply {
    fileprivate func check() throws(Override.Fault) {
        guard (200...599).contains(status) else {
            throw Override.Fault("`status` of its `reply` is \(status), not an HTTP status from 200 to 599. Correct it.")
        }
        guard (1...200).contains(contentType.utf8.count), contentType.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            throw Override.Fault(
                "`contentType` of its `reply` is `\(contentType.excerpt())`, not a media type such as `text/plain`. Correct it.")
        }
        guard body.utf8.count <= Self.maximumLength else {
            throw Override.Fault(
                "its `reply` has \(body.utf8.count) bytes; \(Self.maximumLength) are allowed. Serve it by a function instead.")
        }
    }
}
