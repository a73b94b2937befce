internal import NIOCore

/// A connection that is told why, then closed, without a byte of it being looked at.
final class RefusingHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let reply: FramedReply
    private let patience: TimeAmount
    private var end: Scheduled<Void>?

    init(_ reply: FramedReply, patience: TimeAmount) {
        self.reply = reply
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { refuse(context: context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        refuse(context: context)
    }

    private func refuse(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(reply.head), promise: nil)
        if let body = reply.body { context.write(wrapOutboundOut(body), promise: nil) }
        context.flush()
        // Only the output: closing over unread bytes would make the peer's kernel throw the reply away.
        context.close(mode: .output, promise: nil)
        let channel = context.channel
        end = context.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func handlerRemoved(context: ChannelHandlerContext) {
        end?.cancel()
    }
}
