extension DiscoveryError {
    /// The kind of a failure. More may come, so a `switch` over codes has a `default`.
    public struct Code: Sendable {
        /// The code's name, as in `catch .notFound`.
        public let description: String
        /// Whether nothing was done and the same call may succeed later, unchanged. Trying again, perhaps elsewhere, is safe.
        public let isRetryable: Bool
        /// With what the `discovery` command exits: its own for each code, from `sysexits.h` where one fits. 0 is success, 1 an unexpected
        /// error, 2 and 64 a command used wrongly.
        package let exitCode: Int32

        package init(_ description: String, isRetryable: Bool = false, exitCode: Int32) {
            self.description = description
            self.isRetryable = isRetryable
            self.exitCode = exitCode
        }
    }
}

extension DiscoveryError.Code {
    /// What nobody foresaw: a fault of ours, or of what we stand on. Exit code 1.
    public static let unexpected = Self("unexpected", exitCode: 1)
    /// The text is not an address. Exit code 65.
    public static let malformedAddress = Self("malformedAddress", exitCode: 65)
    /// There is no such namespace, service, instance or message. Exit code 66.
    public static let notFound = Self("notFound", exitCode: 66)
    /// The address names several instances where one is meant. Exit code 67.
    public static let ambiguous = Self("ambiguous", exitCode: 67)
    /// The operation does not fit the kind of the resource. Exit code 68.
    public static let wrongKind = Self("wrongKind", exitCode: 68)
    /// No connection was made, or whoever answered said that it did not start. Exit code 69.
    public static let unreachable = Self("unreachable", isRetryable: true, exitCode: 69)
    /// The function answered with an error of its own. Exit code 70.
    public static let functionFailed = Self("functionFailed", exitCode: 70)
    /// Something was sent or committed, and whether it took effect is not known. Look before repeating it. Exit code 71.
    public static let outcomeUnknown = Self("outcomeUnknown", exitCode: 71)
    /// The disk or a queue is full; nothing was accepted. Exit code 72.
    public static let full = Self("full", isRetryable: true, exitCode: 72)
    /// The home cannot be used: not writable, on a network file system, of a newer version, removed, or opened before a fork. Exit code 73.
    public static let homeUnusable = Self("homeUnusable", exitCode: 73)
    /// The home's files are not what was written. Exit code 74.
    public static let damaged = Self("damaged", exitCode: 74)
    /// Another process held a lock for too long, or this one has no connection left; nothing was done. Exit code 75.
    public static let busy = Self("busy", isRetryable: true, exitCode: 75)
    /// A body could not be encoded or decoded. Exit code 76.
    public static let coding = Self("coding", exitCode: 76)
    /// The backend cannot do this, or what is registered is of a kind this version does not know. Exit code 77.
    public static let unsupported = Self("unsupported", exitCode: 77)
    /// The configuration is missing something or contradicts itself. Exit code 78.
    public static let configuration = Self("configuration", exitCode: 78)
    /// A rule of the registry or of messaging was broken. Exit code 79.
    public static let invalid = Self("invalid", exitCode: 79)
    /// What was to be made exists already, and differs. Exit code 80.
    public static let alreadyExists = Self("alreadyExists", exitCode: 80)
    /// A body, an answer or an attribute exceeds a limit. Exit code 81.
    public static let tooLarge = Self("tooLarge", exitCode: 81)
    /// The message's lease ran out, and someone else may have it. Exit code 82.
    public static let leaseLost = Self("leaseLost", exitCode: 82)
    /// The deadline passed. Whether the call took effect is not known once it was sent. Exit code 124, as of `timeout`.
    public static let deadlineExceeded = Self("deadlineExceeded", exitCode: 124)
    /// The calling task was cancelled. Exit code 130, as after Control-C.
    public static let cancelled = Self("cancelled", exitCode: 130)

    /// Every code there is, by exit code.
    package static let all: [Self] = [
        .unexpected, .malformedAddress, .notFound, .ambiguous, .wrongKind, .unreachable, .functionFailed, .outcomeUnknown, .full,
        .homeUnusable,
        .damaged,
        .busy, .coding, .unsupported, .configuration, .invalid, .alreadyExists, .tooLarge, .leaseLost, .deadlineExceeded, .cancelled,
    ]

    /// Lets a `catch` name a code where the error is known to be ours: `catch .notFound`.
    public static func ~= (code: Self, error: DiscoveryError) -> Bool {
        error.code == code
    }

    /// Lets a `catch` name a code among errors of any type: `catch DiscoveryError.Code.notFound`.
    // Disfavoured, or it would take `.cancelled` in a pattern on another library's error for ours, and never match.
    @_disfavoredOverload
    public static func ~= (code: Self, error: any Error) -> Bool {
        (error as? DiscoveryError)?.code == code
    }
}

extension DiscoveryError.Code: Hashable, CustomStringConvertible {
    /// Whether both have the same name.
    public static func == (left: Self, right: Self) -> Bool {
        left.description == right.description
    }

    /// Hashes the name.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(description)
    }
}
