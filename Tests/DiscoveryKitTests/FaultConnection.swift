import Foundation
import NIOCore

/// One connection to a fault server: takes requests off it one after the other, and does to each what the script says.
final class FaultConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Waiting {
        case forHead
        case forBody(length: Int, number: Int, fault: Fault)
        /// What comes is not looked at until the answer is out.
        case forAnswer
    }

    private let server: FaultServer
    private var received = ByteBuffer()
    private var waiting = Waiting.forHead

    init(_ server: FaultServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
        if server.resetsOnAccept() { reset(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received.writeImmutableBuffer(unwrapInboundIn(data))
        goOn(context)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func goOn(_ context: ChannelHandlerContext) {
        if case .forHead = waiting {
            guard let end = received.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
            let length = end.upperBound - received.readerIndex
            let headers = Self.headers(received.readString(length: length) ?? "")
            let (number, fault) = server.begin(headers)
            if case .resetBeforeBody = fault { return reset(context) }
            waiting = .forBody(length: headers["content-length"].flatMap { Int($0) } ?? 0, number: number, fault: fault)
        }
        if case .forBody(let length, let number, let fault) = waiting, let body = received.readBytes(length: length) {
            waiting = .forAnswer
            server.came(number, body: body, ran: fault.runs)
            perform(fault, context)
        }
    }

    private func perform(_ fault: Fault, _ context: ChannelHandlerContext) {
        switch fault {
        case .answer(let status, let headers, let body):
            write(Self.head(status, headers, length: body.utf8.count) + body, context)
            waiting = .forHead
            goOn(context)
        case .delay(let duration, let then):
            context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { [self] in
                // The client may have gone meanwhile.
                if context.channel.isActive { perform(then, context) }
            }
        case .resetOnAccept, .resetBeforeBody, .resetAfterBody: reset(context)
        case .closeWithoutAnswer: context.close(promise: nil)
        case .answerThenClose(let body): write(Self.head(200, [], length: body.utf8.count) + body, context, thenClose: true)
        case .halfHead: write("HTTP/1.1 200 OK\r\nContent-Le", context, thenClose: true)
        case .halfBody: write(Self.head(200, [], length: 100) + "half", context, thenClose: true)
        case .halfBodyThenSilence: write(Self.head(200, [], length: 100) + "half", context)
        case .neverAnswer: break
        case .garbage: write("SSH-2.0-OpenSSH_9.6\r\n\u{0}\u{1}\u{2}\r\n\r\n", context, thenClose: true)
        case .tooLargeReply(let size):
            write(Self.head(200, [], length: size) + String(repeating: "x", count: size), context)
            waiting = .forHead
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext, thenClose: Bool = false) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        if thenClose { context.close(promise: nil) }
    }

    /// Ends the connection by RST: with a linger of nothing, closing throws away what is not sent yet.
    private func reset(_ context: ChannelHandlerContext) {
        _ = (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
        context.close(promise: nil)
    }

    private static func head(_ status: Int, _ headers: [(name: String, value: String)], length: Int) -> String {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 \(status) Said\r\n\(lines)Content-Length: \(length)\r\n\r\n"
    }

    private static func headers(_ head: String) -> [String: String] {
        var headers: [String: String] = [:]
        for line in head.split(separator: "\r\n").dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
        }
        return headers
    }
}
