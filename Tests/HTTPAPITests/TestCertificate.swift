/// A certificate for `localhost`, signed by itself and valid for a hundred years. It protects nothing.
enum TestCertificate {
    static let chain = """
        -----BEGIN CERTIFICATE-----
        MIIBlDCCATugAwIBAgIUN3bNo4mMstk60jEznVV+kJf+eCQwCgYIKoZIzj0EAwIw
        FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA4MTU1OFoYDzIxMjYxMDI4
        MDgxNTU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
        PQMBBwNCAATzTmyYVEagIZiRmOICGkxC7eRbKWtzeRwz0PZLmkJBF5Ry6kq+aQgI
        vwJ/Nv2WD7jMqnhBn4M7h0HD1yDKDz9Oo2kwZzAdBgNVHQ4EFgQUKczhG44JVMkQ
        0jB5kxQpmdvwD/YwHwYDVR0jBBgwFoAUKczhG44JVMkQ0jB5kxQpmdvwD/YwDwYD
        VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
        RwAwRAIgaMzPYv2bL6G5SagKMkvve7vF8wowQTfzXFiO5i5bIYICIHAuW3hRvesP
        G6V1lHdXUMKTLH8am1Fyf7kjKnSNuSYX
        -----END CERTIFICATE-----
        """

    static let privateKey = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgwGWCj2JKa9OHwT6Z
        +hI0M3z2OoX9z4HYgeOm4+RZetChRANCAATzTmyYVEagIZiRmOICGkxC7eRbKWtz
        eRwz0PZLmkJBF5Ry6kq+aQgIvwJ/Nv2WD7jMqnhBn4M7h0HD1yDKDz9O
        -----END PRIVATE KEY-----
        """
}
