import HummingbirdCore
import NIOCore
import NIOExtras
import NIOWebSocket

/// One end of a WebSocket (RFC 6455): joins frames to messages, answers pings, closes in order, and keeps within limits.
///
/// - A message longer than the limit, or what is no WebSocket, closes the connection with the code that says so.
/// - A peer that is silent, or reads nothing, although it is asked for a sign is taken to be gone.
/// - Whether a peer reads what it is sent, `isWritable` and `waitingBytes` tell; who writes decides.
///
/// It is used on the connection's event loop only.
final class WebSocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    /// Is given each message: its bytes, and whether it is text.
    var onMessage: ((_ bytes: [UInt8], _ isText: Bool) -> Void)?
    /// Is told when the peer reads what it was sent, after it had not.
    var onWritable: (() -> Void)?
    /// Is told once when the connection is closed, or about to be.
    var onClose: (() -> Void)?

    private let messageSizeMaxBytes: Int
    private var context: ChannelHandlerContext?
    /// The frames of a message that isn't whole yet.
    private var fragments: Fragments?
    /// What the newest ping said, where the answer waits for the peer to read.
    private var unansweredPing: [UInt8]?
    private var isClosing = false
    private var isPaused = false
    private var hasPendingRead = false
    private var hasHeard = true
    /// Whether the peer had not read what it was sent when it was asked for a sign last.
    private var wasBehind = false
    /// How much was read over since the connection is closing.
    private var readOverBytes = 0
    private var signs: RepeatedTask?

    /// The frames of a message so far.
    private struct Fragments {
        var bytes: [UInt8] = []
        var count = 0
        let isText: Bool
    }

    /// A message has at most so many frames.
    private static let fragmentsMax = 1024
    /// How often the peer is asked for a sign; after a second time without one it is gone.
    private static let signInterval = TimeAmount.seconds(30)
    /// So many bytes are read over while the peer's word on the closing is awaited.
    private static let readOverMaxBytes = 64 << 10
    /// How long the peer may take to close its side, too.
    private static let closingTime = TimeAmount.seconds(5)

    init(messageSizeMaxBytes: Int) {
        self.messageSizeMaxBytes = messageSizeMaxBytes
    }

    // MARK: - Sending

    /// Writes a frame; `flush` sends it.
    func write(_ frame: ByteBuffer) {
        guard !isClosing else { return }
        context?.write(wrapOutboundOut(frame), promise: nil)
    }

    /// Sends what was written.
    func flush() {
        context?.flush()
    }

    /// Whether the peer reads more slowly than it is written to.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    /// How many bytes wait for the peer to read.
    var waitingBytes: Int {
        guard let context, !context.channel.isWritable else { return 0 }
        return (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
    }

    /// Closes the connection after a word about why, and waits a little for the peer's own.
    func close(_ code: WebSocketCloseCode, _ reason: String = "") {
        guard let context, !isClosing else { return }
        write(WebSocketFrames.close(code, reason))
        context.flush()
        isClosing = true
        resume()
        end()
        let channel = context.channel
        context.eventLoop.scheduleTask(in: Self.closingTime) { channel.close(promise: nil) }
    }

    /// Closes the connection without a word: nothing that waits for the peer is kept.
    func abort() {
        isClosing = true
        end()
        context?.close(promise: nil)
    }

    // MARK: - Reading less

    /// Reads nothing more until `resume`, so that the peer has to wait.
    func pause() {
        isPaused = true
    }

    func resume() {
        guard isPaused else { return }
        isPaused = false
        guard hasPendingRead else { return }
        hasPendingRead = false
        context?.read()
    }

    func read(context: ChannelHandlerContext) {
        if isPaused { hasPendingRead = true } else { context.read() }
    }

    // MARK: - Events of the channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let handler = NIOLoopBound(self, eventLoop: context.eventLoop)
        signs = context.eventLoop.scheduleRepeatedTask(initialDelay: Self.signInterval, delay: Self.signInterval) { _ in
            handler.value.askForSign()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        hasHeard = true
        if isClosing { return readOver(frame, context) }
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
            return close(.protocolError, "Frames must be masked and use no extension")
        }
        switch frame.opcode {
        case .text, .binary:
            guard fragments == nil else { return close(.protocolError, "A message began within another") }
            fragments = Fragments(isText: frame.opcode == .text)
            add(frame)
        case .continuation:
            guard fragments != nil else { return close(.protocolError, "Nothing is to be continued") }
            add(frame)
        case .ping:
            unansweredPing = Array(buffer: frame.unmaskedData)
            answerPing()
        case .pong: break
        case .connectionClose: answerClose(context)
        default: close(.protocolError, "There are no such frames")
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            answerPing()
            onWritable?()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: close(.goingAway, "The server is stopping")
        case ChannelEvent.inputClosed: abort()
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: close(.messageTooBig, tooBig)
        case is NIOWebSocketError: close(.protocolError, "This is not WebSocket")
        default: abort()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    // MARK: - Messages

    private var tooBig: String { "A message has at most \(messageSizeMaxBytes) bytes" }

    private func add(_ frame: WebSocketFrame) {
        guard (fragments?.bytes.count ?? 0) + frame.data.readableBytes <= messageSizeMaxBytes else { return close(.messageTooBig, tooBig) }
        guard fragments?.count ?? 0 < Self.fragmentsMax else { return close(.policyViolation, "A message has too many frames") }
        fragments?.count += 1
        fragments?.bytes.append(contentsOf: frame.unmaskedData.readableBytesView)
        guard frame.fin, let message = fragments else { return }
        fragments = nil
        onMessage?(message.bytes, message.isText)
    }

    /// Answers the newest ping (RFC 6455, section 5.5.3) as soon as the peer reads.
    private func answerPing() {
        guard isWritable, let ping = unansweredPing else { return }
        unansweredPing = nil
        write(WebSocketFrames.frame(.pong, ping))
        flush()
    }

    /// Waits for the peer's word on the closing. Who sends on and on is made to wait, so that it comes to read ours.
    private func readOver(_ frame: WebSocketFrame, _ context: ChannelHandlerContext) {
        readOverBytes += frame.data.readableBytes
        if frame.opcode == .connectionClose {
            context.close(promise: nil)
        } else if readOverBytes > Self.readOverMaxBytes {
            pause()
        }
    }

    private func answerClose(_ context: ChannelHandlerContext) {
        write(WebSocketFrames.close(.normal, ""))
        isClosing = true
        end()
        context.flush()
        context.close(promise: nil)
    }

    private func askForSign() {
        guard hasHeard, isWritable || !wasBehind else { return abort() }
        hasHeard = false
        wasBehind = !isWritable
        write(WebSocketFrames.frame(.ping, []))
        flush()
    }

    /// Tells that the connection is closed.
    private func end() {
        signs?.cancel()
        signs = nil
        onClose?()
        (onMessage, onWritable, onClose) = (nil, nil, nil)
    }
}
