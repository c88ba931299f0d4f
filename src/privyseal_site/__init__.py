"""The customer's site kit, which comes with the certificates for mail; today it is empty.

It will run inside the customer's network with an enrollment server, a directory connector and a Key Manager that has
its own user, database and key. The package exists already so that its border is enforced from the first day: the kit
shares ``privyseal_wire`` with the service and nothing else.
"""
