internal import Foundation
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// A certificate and its key as they are in use, read again when their files have changed.
///
/// Looked at when a connection comes, by reading both files on a thread that may block and comparing what they hold. That costs nothing
/// while nobody connects, needs no watcher that could miss a replaced directory, and no clock of the file system is trusted.
final class Certificate: Sendable {
    private struct Files: Equatable {
        let chain: Data
        let key: Data
    }

    private struct Guarded {
        var context: NIOSSLContext
        /// What was last looked at, whether it could be used or not; nil if it could not be read.
        var files: Files?
        var freshUntil: NIODeadline
        var look: EventLoopFuture<NIOSSLContext>?
    }

    private let tls: HTTPServerTLS
    private let guarded: Mutex<Guarded>

    /// Waits for the disk.
    init(_ tls: HTTPServerTLS) throws {
        self.tls = tls
        let files = try Self.read(tls)
        guarded = Mutex(Guarded(context: try Self.context(files), files: files, freshUntil: .now() + TimeAmount(limited: tls.freshness)))
    }

    /// What a new connection is to be given.
    func current(on loop: any EventLoop) -> EventLoopFuture<NIOSSLContext> {
        guarded.withLock { guarded in
            if let look = guarded.look { return look.hop(to: loop) }
            if NIODeadline.now() < guarded.freshUntil { return loop.makeSucceededFuture(guarded.context) }
            let look = NIOThreadPool.singleton.runIfActive(eventLoop: loop) { self.look() }
            guarded.look = look
            return look
        }
    }

    /// Waits for the disk.
    private func look() -> NIOSSLContext {
        let known = guarded.withLock { $0.files }
        var report: HTTPServerTLS.Report?
        var context: NIOSSLContext?
        var files: Files?
        do {
            let found = try Self.read(tls)
            files = found
            if found != known {
                context = try Self.context(found)
                report = .reloaded
            }
        } catch {
            if files != nil || known != nil {
                report = .refused("the certificate in \(tls.certificateChain) with the key in \(tls.privateKey) cannot be used: \(error)")
            }
        }
        let inUse = guarded.withLock { guarded in
            guarded.context = context ?? guarded.context
            guarded.files = files
            guarded.freshUntil = .now() + TimeAmount(limited: tls.freshness)
            guarded.look = nil
            return guarded.context
        }
        if let report { tls.report(report) }
        return inUse
    }

    private static func read(_ tls: HTTPServerTLS) throws -> Files {
        func content(_ path: String) throws(Unreadable) -> Data {
            do { return try Data(contentsOf: URL(filePath: path)) } catch { throw Unreadable(path: path) }
        }
        return Files(chain: try content(tls.certificateChain), key: try content(tls.privateKey))
    }

    /// Foundation's own error tells the same in several lines.
    private struct Unreadable: Error, CustomStringConvertible {
        let path: String
        var description: String { "\(path) cannot be read" }
    }

    private static func context(_ files: Files) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(files.chain))
        let key = try NIOSSLPrivateKey(bytes: Array(files.key), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }
}
