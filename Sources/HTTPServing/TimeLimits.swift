internal import NIOCore

/// A configuration's time limits as the event loop counts them, converted once.
struct TimeLimits: Sendable {
    private let handshake, request, head, body, reply, close: TimeAmount

    init(_ configuration: HTTPServerConfiguration) {
        handshake = TimeAmount(limited: configuration.tls?.handshakeTimeout ?? .zero)
        request = TimeAmount(limited: configuration.idleTimeout)
        head = TimeAmount(limited: configuration.headerTimeout)
        body = TimeAmount(limited: configuration.bodyTimeout)
        reply = TimeAmount(limited: configuration.replyTimeout)
        close = TimeAmount(limited: configuration.closeTimeout)
    }

    subscript(patience: ConnectionMachine.Patience) -> TimeAmount {
        switch patience {
        case .handshake: handshake
        case .request: request
        case .head: head
        case .body: body
        case .reply: reply
        case .close: close
        }
    }
}
