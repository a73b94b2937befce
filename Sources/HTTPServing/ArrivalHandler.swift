internal import NIOCore

/// Sees bytes before they are parsed: times requests from their first byte, holds back what follows the request in work, and throws
/// away what nobody will answer without parsing it.
///
/// NIO's pipelining handler stops reading while a request is in work, which takes the socket out of the selector and back: two system
/// calls per request. This one reads on until something comes, which for most clients is never before they have their reply.
final class ArrivalHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Refers back to this handler; the cycle ends with the handler's time in the pipeline.
    private var connection: ConnectionHandler?
    /// One turn of reading at most: nothing is read while this is not empty, but for what is left when the peer closes.
    private var held = CircularBuffer<ByteBuffer>(initialCapacity: 0)
    private var context: ChannelHandlerContext?

    init(connection: ConnectionHandler) {
        self.connection = connection
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        connection = nil
        held.removeAll()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if !held.isEmpty {
            held.append(unwrapInboundIn(data))
            return
        }
        switch connection?.bytesCame() {
        case .parse: context.fireChannelRead(data)
        case .hold: held.append(unwrapInboundIn(data))
        case .discard, nil: break
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        if held.isEmpty { context.read() }
    }

    /// The connection is ready for the next request.
    func release() {
        guard let context, let connection, !held.isEmpty else { return }
        releasing: while let buffer = held.first {
            switch connection.bytesCame() {
            case .hold: break releasing
            case .discard: held.removeAll()
            case .parse:
                held.removeFirst()
                context.fireChannelRead(wrapInboundOut(buffer))
            }
        }
        context.fireChannelReadComplete()
        if held.isEmpty { context.read() }
    }
}
