internal import NIOCore

/// Sees bytes before they are parsed: times requests from their first byte, holds back what follows the request in work, and throws
/// away what nobody will answer without parsing it.
///
/// Reads on while a request is in work, until something comes, which for most clients is never before they have their reply. Not to read
/// would take the socket out of the selector and back: two system calls per request.
final class ArrivalHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What a connection reads in one turn at most, and so the bytes it can hold back.
    static let turn = 16 * 1024
    /// Bytes that are parsed before looking whether to go on: pipelined requests are far larger parsed than unparsed.
    private static let slice = 2048

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

    func read(context: ChannelHandlerContext) {
        if held.isEmpty { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        if held.isEmpty, let rest = parse(buffer, context: context) {
            held.append(rest)
        } else if !held.isEmpty {
            held.append(buffer)
        }
    }

    /// The connection is ready for the next request.
    func release() {
        guard let context, !held.isEmpty else { return }
        while let buffer = held.popFirst() {
            if let rest = parse(buffer, context: context) {
                held.prepend(rest)
                break
            }
        }
        context.fireChannelReadComplete()
        if held.isEmpty { context.read() }
    }

    /// - Returns: What is to be held back.
    private func parse(_ buffer: ByteBuffer, context: ChannelHandlerContext) -> ByteBuffer? {
        var rest = buffer
        while rest.readableBytes > 0 {
            switch connection?.bytesCame(min(rest.readableBytes, Self.slice)) {
            case .parse:
                if rest.readableBytes <= Self.slice {
                    context.fireChannelRead(wrapInboundOut(rest))
                    return nil
                }
                rest.readSlice(length: Self.slice).map { context.fireChannelRead(wrapInboundOut($0)) }
            case .hold: return rest
            case .discard, nil: return nil
            }
        }
        return nil
    }
}
