extension Messaging {
    /// What of a message a policy looks at.
    package enum FilterScope: String, Sendable, Hashable { case attributes = "MessageAttributes", body = "MessageBody" }

    /// A subscription's filter policy, checked and compiled. Its text is kept as given.
    ///
    /// The rules are those of "Amazon SNS subscription filter policies" in SNS's developer guide. Where it leaves something open:
    ///
    /// - `anything-but` over several values of a message holds when one of them is none of those that are listed. The guide says so of
    ///   `["rugby", "baseball"]`, in both scopes, though one sentence of "String value matching" asks for all. It holds for values of any
    ///   type, null among them, and not where there is no value.
    /// - Each key is held against all elements of the arrays on its way by itself: two keys may be met by different elements.
    /// - An empty array, and an object where a key ends, are no value.
    /// - A number that is more than a billion, or less than minus a billion, is a value that equals none and is in no range. Digits after the
    ///   fifth are rounded.
    package struct FilterPolicy: Sendable {
        package let text: String
        package let scope: FilterScope
        /// `nil` for `{}`, which lets everything through.
        let rule: FilterRule?

        /// - Throws: MessagingError(.invalidParameterValue) whose message says which key, which operator, why, and what to write instead.
        package init(parsing text: String, scope: FilterScope) throws(MessagingError) {
            self.text = text
            self.scope = scope
            rule = try FilterParser.parse(text, scope)
        }

        /// Whether a message gets through. Builds nothing.
        func matches(_ subject: FilterSubject) -> Bool {
            guard let rule else { return true }
            return subject.withDocument(scope) { rule.matches($0) } ?? false
        }

        /// `nil` when the message gets through; else which part refused it and why, e.g. `store.city: "Paris" is none of "Lyon", prefix "M"`.
        package func refusal(of subject: FilterSubject) -> FilterRefusal? {
            guard let rule, !matches(subject) else { return nil }
            if scope == .body, let fault = subject.bodyFault { return .init(path: [], reason: fault) }
            return subject.withDocument(scope) { rule.refusal($0) } ?? nil
        }
    }

    /// Which part of a policy refused a message, and why.
    package struct FilterRefusal: Sendable, Hashable, CustomStringConvertible {
        /// The keys of that part. Empty when it was the body as a whole.
        package let path: [String]
        package let reason: String

        package init(path: [String], reason: String) {
            self.path = path
            self.reason = reason
        }

        package var description: String {
            path.isEmpty ? reason : path.map { String($0.unicodeScalars.prefix(60)) }.joined(separator: ".") + ": " + reason
        }
    }
}

extension Messaging.FilterPolicy: Hashable {
    /// Whether both are spelt the same, byte by byte.
    package static func == (left: Self, right: Self) -> Bool {
        left.scope == right.scope && left.text.utf8.elementsEqual(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) { text.hash(into: &hasher) }
}
