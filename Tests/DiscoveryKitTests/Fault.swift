/// What a server does with one request, down to its bytes.
indirect enum Fault: Sendable {
    /// Answers as it should, and keeps the connection.
    case answer(status: Int = 200, headers: [(name: String, value: String)] = [], body: String = "")
    /// Waits, and goes on; the function has begun meanwhile.
    case delay(Duration, then: Fault)
    /// RST as soon as the connection is there.
    case resetOnAccept
    /// RST once the head has come, while the body is being sent.
    case resetBeforeBody
    /// RST instead of an answer.
    case resetAfterBody
    case closeWithoutAnswer
    /// Answers, promises to keep the connection, and closes it.
    case answerThenClose(body: String)
    /// Part of a status line and a header, then the end.
    case halfHead
    /// Less than `Content-Length` says, then the end.
    case halfBody
    case halfBodyThenSilence
    case neverAnswer
    /// Bytes of another protocol, then the end.
    case garbage
    /// A whole answer of so many bytes.
    case tooLargeReply(Int)

    static let good = Fault.answer(body: "good")

    static func redirect(_ status: Int, to location: String) -> Fault {
        .answer(status: status, headers: [("Location", location)])
    }

    /// Whether the function runs before the fault shows: a server that says 429 or 503 by itself says that it did not.
    var runs: Bool {
        switch self {
        case .answer(let status, let headers, _):
            status != 429 && status != 503 || headers.contains { $0.name.lowercased() == "x-amz-function-error" }
        case .delay(_, let then): then.runs
        case .resetOnAccept, .resetBeforeBody: false
        default: true
        }
    }
}
