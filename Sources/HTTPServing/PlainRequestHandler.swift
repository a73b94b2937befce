internal import NIOCore

/// Stands before TLS, and looks at the first byte only: who speaks plain HTTP there is told so instead of waiting for what never comes.
final class PlainRequestHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Every TLS connection begins with a record of this kind; no method does.
    private static let handshakeRecord: UInt8 = 0x16

    private let server: ServerState

    init(server: ServerState) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let first = unwrapInboundIn(data).readableBytesView.first else { return }
        guard first != Self.handshakeRecord else {
            context.fireChannelRead(data)
            return context.pipeline.syncOperations.removeHandler(self, promise: nil)
        }
        let refusing = RefusingHandler(server.bytes(of: .notEncrypted, ReplyForm(closes: true)), patience: server.timeLimits[.close])
        do {
            try context.pipeline.syncOperations.addHandler(refusing, position: .before(self))
        } catch {
            context.close(promise: nil)
        }
    }
}
