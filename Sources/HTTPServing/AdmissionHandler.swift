internal import NIOCore

/// Counts a connection when it is accepted. Later, on its own event loop, would be too late: the server could have ended meanwhile.
final class AdmissionHandler: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private let server: ServerState

    init(server: ServerState) {
        self.server = server
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let connection = unwrapInboundIn(data)
        if server.admit(connection) {
            context.fireChannelRead(data)
        } else {
            connection.close(promise: nil)
        }
    }
}
