import AccountsDatabase
import MatrixProtocol
import Store

/// A user who has registered or logged in.
package struct Login: Sendable, Equatable {
    package let user: UserID
    /// The device that the user is logged in on; nil where no login was wanted.
    package let device: LoggedInDevice?

    /// A device with its tokens, which are known here and now only.
    package struct LoggedInDevice: Sendable, Equatable {
        package let id: String
        package let tokens: FreshTokens

        package var accessToken: String { tokens.accessToken }
    }
}

/// What a client says about the device that is to be logged in.
package struct LoginDevice: Sendable {
    /// The device's ID; nil has one made.
    package var id: String?
    /// The device's name, if it is a new one.
    package var displayName: String?
    /// Where the request comes from.
    package var address: String?
    /// Whether the client can refresh its access token ("Refreshing access tokens").
    package var canRefresh: Bool

    package init(id: String? = nil, displayName: String? = nil, address: String? = nil, canRefresh: Bool = false) {
        self.id = id
        self.displayName = displayName
        self.address = address
        self.canRefresh = canRefresh
    }

    /// How many letters and digits a device ID has that is made here.
    private static let idLength = 10

    /// Checks what the client said.
    ///
    /// - Throws: `M_INVALID_PARAM`.
    func check() throws(MatrixError) {
        if let id, id.isEmpty || id.utf8.count > AccountsLimits.deviceIDSizeMaxBytes {
            throw MatrixError(.invalidParameter, "device_id must have 1 to \(AccountsLimits.deviceIDSizeMaxBytes) bytes")
        }
        // Keys of users are kept beside those of devices, under such names.
        if let id, id.hasPrefix("\(VerifyKey.algorithm):") {
            throw MatrixError(.invalidParameter, "device_id must not begin with \(VerifyKey.algorithm):")
        }
        if let displayName, displayName.utf8.count > AccountsLimits.deviceDisplayNameSizeMaxBytes {
            let message = "initial_device_display_name must have at most \(AccountsLimits.deviceDisplayNameSizeMaxBytes) bytes"
            throw MatrixError(.invalidParameter, message)
        }
    }

    /// The device with fresh tokens, and what is to be kept of both.
    func makeLogin(_ environment: Environment, _ lifetimes: TokenLifetimes) -> (device: Login.LoggedInDevice, kept: NewLogin) {
        let tokens = FreshTokens(canRefresh: canRefresh, environment, lifetimes)
        let device = Login.LoggedInDevice(id: id ?? environment.random.alphanumeric(Self.idLength), tokens: tokens)
        let kept = NewLogin(
            device: device.id, tokens: tokens.kept(at: environment.clock.now(), lifetimes), displayName: displayName, address: address)
        return (device, kept)
    }
}
